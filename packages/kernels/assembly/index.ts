export { convolution, POSITIONS } from './convolution';
export { filterGradient } from './filter-gradient';
export { pack, transformFilters } from './filters';
export { gate } from './gate';
export { poolGradient } from './pool-gradient';
export { sumRows } from './sum-rows';
// Exported so that they are not inlined: their loops need all registers for themselves.
export { tile, tileAcross, TILE_BYTES } from './tile';
export { BETWEEN_BYTES, matrixStep, winograd } from './winograd';
