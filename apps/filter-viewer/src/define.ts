import './filter-viewer.js';
