import { LensError } from '@convlens/onnx';

/**
 * Waits for something, but no longer than a signal allows. What is waited for goes on; the signal holds nothing of it afterwards.
 *
 * @param promise what is waited for
 * @param signal ends the wait
 * @throws LensError `E_ABORTED`
 */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(new LensError('E_ABORTED', 'Cancelled.', { cause: signal.reason }));
    };
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    const done = (): void => signal.removeEventListener('abort', abort);
    promise.then(resolve, reject).then(done, done);
  });
}
