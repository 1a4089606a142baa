import { bring } from './bring.js';
import { useGallery } from './environment.js';

useGallery();
// After the addresses are known: the element on the page starts at once.
await bring('backend-bench', () => import('@convlens/bench/define.js'));
