export { convolution, POSITIONS } from './convolution';
export { gate } from './gate';
// Exported so that it is not inlined: its loop needs all registers for itself.
export { tile, TILE_BYTES } from './tile';
export { BETWEEN_BYTES, matrixStep, winograd } from './winograd';
