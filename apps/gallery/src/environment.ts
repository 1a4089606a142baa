import { configure } from '@convlens/elements';
import workerUrl from '@convlens/engine/engine.worker.js?worker&url';

/** Tells the elements where the gallery's files are: beside the folder of scripts, whatever page loads them. */
export function useGallery(): void {
  const worker = new URL(workerUrl, import.meta.url);
  const base = new URL('../', worker);
  const asked = new URL(location.href).searchParams;
  configure({
    models: new URL('models/', base),
    samples: new URL('samples/', base),
    docs: new URL('docs/', base),
    benchmarks: new URL('benchmarks/', base),
    runtime: new URL('runtime/', base),
    worker,
    ...(asked.get('precision') === 'half' ? { precision: 'half' } : {}),
    // A person may want the same arithmetic on every visit.
    tune: asked.get('tune') !== 'off',
  });
}
