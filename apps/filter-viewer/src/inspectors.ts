import './kernel-inspector.js';
import './map-inspector.js';
