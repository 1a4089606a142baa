import './attribution-panel.js';
import './kernel-inspector.js';
import './map-inspector.js';
import './projection-panel.js';

export { gradCamLayer } from '@convlens/core';
