import './dream-studio.js';
