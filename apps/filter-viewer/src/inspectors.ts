import '@convlens/elements/legend.js';
import './attribution-panel.js';
import './kernel-inspector.js';
import './map-inspector.js';
import './projection-panel.js';

export { Backward } from './backward.js';
export { carriedBack, unitControls } from './carried-panel.js';
export { inspector } from './inspector.js';
export { gradCamLayer } from '@convlens/core';
