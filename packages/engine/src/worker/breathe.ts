/**
 * Lets the thread take messages (a cancel, a pause) between two steps. A WASM run never does so by itself, and timers
 * are slowed down to 4 ms when they follow each other.
 */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
