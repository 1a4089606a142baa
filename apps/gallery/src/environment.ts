import { configure } from '@convlens/elements';
import workerUrl from '@convlens/engine/engine.worker.js?worker&url';

/**
 * Tells the elements where the gallery's files are.
 *
 * @param base the gallery's top folder
 */
export function useGallery(base: URL): void {
  configure({
    models: new URL('models/', base),
    samples: new URL('samples/', base),
    runtime: new URL('runtime/', base),
    worker: new URL(workerUrl, import.meta.url),
  });
}
