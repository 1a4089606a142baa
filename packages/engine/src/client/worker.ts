/**
 * Starts the worker. From another origin (a CDN) a worker cannot be started directly: a small local one then
 * imports the real one and keeps the messages that arrive meanwhile. The import is dynamic because a static one
 * fails under the content security policies that embedding pages have.
 *
 * @param url of the bundled script; by default the one beside this module
 */
export function createWorker(url?: string | URL): Worker {
  if (url === undefined) {
    return new Worker(new URL('../worker/engine.worker.js', import.meta.url), { type: 'module' });
  }
  const { href, origin } = new URL(url, document.baseURI);
  if (origin === location.origin) return new Worker(href, { type: 'module' });
  const shim = `
    const early = [];
    onmessage = (event) => early.push(event);
    import(${JSON.stringify(href)}).then(
      () => {
        onmessage = null;
        for (const { data, ports } of early) dispatchEvent(new MessageEvent('message', { data, ports }));
      },
      (error) => setTimeout(() => { throw error; }),
    );`;
  const local = URL.createObjectURL(new Blob([shim], { type: 'text/javascript' }));
  const worker = new Worker(local, { type: 'module' });
  setTimeout(() => {
    URL.revokeObjectURL(local);
  }, 60_000);
  return worker;
}

let watched = 0;

/**
 * Lets a page know when its worker has ended, however that happened. The platform has no event for a worker that crashed
 * or was closed; but the browser gives back the locks it held. So the worker takes a lock for life (it is asked to by a
 * message), and the page waits for the same one.
 *
 * @returns as soon as the worker holds the lock, so that nothing is asked of one whose end nobody would notice: what
 *   resolves at its end. Where there are no locks (insecure contexts) that never comes
 */
export async function watchForDeath(worker: Worker): Promise<{ readonly ended: Promise<unknown> }> {
  if (!('locks' in navigator)) return { ended: new Promise(() => undefined) };
  const name = `convlens-engine-${performance.timeOrigin}-${++watched}-${crypto.randomUUID()}`;
  await new Promise<void>((held) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      held();
    };
    worker.postMessage({ holdLock: name, port: port2 }, [port2]);
  });
  return { ended: navigator.locks.request(name, () => undefined) };
}
