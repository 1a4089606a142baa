import './patches-panel.js';

export { PatchSearch } from './patch-search.js';
