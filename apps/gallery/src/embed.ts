// The one script that a course page loads: it registers the elements and finds its files beside itself.
import { useGallery } from './environment.js';

useGallery(new URL('./', import.meta.url));
await import('@convlens/filter-viewer/define.js');
