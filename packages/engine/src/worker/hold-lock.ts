/**
 * Holds a lock for as long as this worker lives, when the page asks for it: its release is how the page learns that
 * the worker is gone.
 */
export function holdLockOnRequest(): void {
  addEventListener(
    'message',
    ({ data }: MessageEvent<{ holdLock?: string; port?: MessagePort }>) => {
      if (data.holdLock === undefined) return;
      void navigator.locks.request(data.holdLock, () => {
        data.port?.postMessage('held');
        return new Promise(() => undefined);
      });
    },
  );
}
