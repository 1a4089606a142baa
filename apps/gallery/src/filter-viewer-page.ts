import { useGallery } from './environment.js';

useGallery(new URL('../', document.baseURI));
// After the addresses are known: the element on the page starts at once.
await import('@convlens/filter-viewer/define.js');
