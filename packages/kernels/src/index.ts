export {
  canWinograd,
  Kernels,
  type Convolution,
  type FilterGradient,
  type PoolGradient,
  type Owner,
} from './kernels.js';
export { packPanels, packRow, padded, PANEL } from './pack.js';
export { winogradFilters } from './winograd-filters.js';
