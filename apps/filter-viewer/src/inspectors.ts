import '@convlens/elements/legend.js';
import './attribution-panel.js';
import './kernel-inspector.js';
import './map-inspector.js';
import './projection-panel.js';

export { Backward } from './backward.js';
export { carriedBack } from './carried-panel.js';
export { lensControls, SWITCHES } from './lens-controls.js';
export { inspector } from './inspector.js';
export { readout } from './readout.js';
export { attributionDescriptions, gradCamLayer } from '@convlens/core';
