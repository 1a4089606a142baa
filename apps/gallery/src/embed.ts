// The one script that a course page loads: it registers the elements and finds its files beside itself.
import { bring } from './bring.js';
import { useGallery } from './environment.js';

useGallery();

/** The elements, and the scripts that bring them: only those that a page has are fetched. */
const ELEMENTS: Readonly<Record<string, () => Promise<unknown>>> = {
  'filter-viewer': () => import('@convlens/filter-viewer/define.js'),
  'dream-studio': () => import('@convlens/dream-studio/define.js'),
  'adversarial-lab': () => import('@convlens/adversarial-lab/define.js'),
  'backend-bench': () => import('@convlens/bench/define.js'),
};

const asked = new Set<string>();

function bringAll(): void {
  for (const [tag, load] of Object.entries(ELEMENTS)) {
    if (asked.has(tag) || !document.querySelector(tag)) continue;
    asked.add(tag);
    void bring(tag, load);
  }
}

bringAll();
// Pages add elements later as well.
new MutationObserver(bringAll).observe(document, { childList: true, subtree: true });
