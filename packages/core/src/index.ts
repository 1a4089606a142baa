export {
  gradCam,
  gradient,
  gradientTimesInput,
  guidedGradCam,
  integratedGradients,
  occlusion,
  saliency,
  smoothGrad,
  type OnStep,
} from './attribution/attribution.js';
export {
  attribute,
  attributionMethods,
  type AttributionMethod,
  type AttributionTask,
  type Attributed,
} from './attribution/methods.js';
export { gradCamLayer, layersBelow } from './attribution/cam-layer.js';
export { normalNoise } from './attribution/noise.js';
export {
  gradientProblem,
  Gradients,
  seedOf,
  type Backward,
  type Seed,
  type Target,
} from './gradients/gradients.js';
export { maxPoolingOf, poolingSwitches, type MaxPooling } from './pooling-switches/switches.js';
export { project, type Projection } from './projection/projection.js';
export { randomiseWeights, weightedLayers } from './randomisation/randomisation.js';
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
export { fieldWindow, seenWindow, type FieldWindow } from './receptive-field/window.js';
export {
  emptyRanking,
  rankImage,
  strongestPlaces,
  type Ranking,
  type StrongPlace,
} from './strongest-patches/ranking.js';
export { hasKernels, kernels, type Kernels } from './weights/kernels.js';
