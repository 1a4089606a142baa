export { convolution } from './convolution';
export { gate } from './gate';
// Exported so that it is not inlined: its loop needs all registers for itself.
export { tile } from './tile';
export { matrixStep, winograd } from './winograd';
