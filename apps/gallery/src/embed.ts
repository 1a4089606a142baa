// The one script that a course page loads: it registers the elements and finds its files beside itself.
import { useGallery } from './environment.js';

useGallery();
await Promise.all([
  import('@convlens/filter-viewer/define.js'),
  import('@convlens/dream-studio/define.js'),
]);
