// The one script that a course page loads: it registers the elements and finds its files beside itself.
import { useGallery } from './environment.js';

useGallery();

/** The elements, and the scripts that bring them: only those that a page has are fetched. */
const ELEMENTS: Readonly<Record<string, () => Promise<unknown>>> = {
  'filter-viewer': () => import('@convlens/filter-viewer/define.js'),
  'dream-studio': () => import('@convlens/dream-studio/define.js'),
  'adversarial-lab': () => import('@convlens/adversarial-lab/define.js'),
  'backend-bench': () => import('@convlens/bench/define.js'),
};

function bring(): void {
  for (const [tag, load] of Object.entries(ELEMENTS)) {
    if (document.querySelector(tag)) void load();
  }
}

bring();
// Pages add elements later as well.
new MutationObserver(bring).observe(document, { childList: true, subtree: true });
