import { useGallery } from './environment.js';

useGallery();
await import('./machine-card.js');
