export { softmax, topClasses, type ClassScore, type Scores } from './classify/classify.js';
export type { Executor, Program, Tensors } from './executor.js';
export { FeatureMaps, findLayer } from './feature-maps/feature-maps.js';
export {
  channelStatistics,
  mapExtents,
  type ChannelStatistics,
} from './feature-maps/statistics.js';
export {
  receptiveFields,
  type AxisField,
  type ReceptiveField,
} from './receptive-field/receptive-field.js';
export { hasKernels, kernels, type Kernels } from './weights/kernels.js';
