import { bring } from './bring.js';
import { useGallery } from './environment.js';

useGallery();
// After the addresses are known: the element on the page starts at once.
await bring('adversarial-lab', () => import('@convlens/adversarial-lab/define.js'));
