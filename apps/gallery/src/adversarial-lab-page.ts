import { useGallery } from './environment.js';

useGallery();
// After the addresses are known: the element on the page starts at once.
await import('@convlens/adversarial-lab/define.js');
