export { LOSSES, type Loss, type LossId, type LossSettings } from './losses.js';
export {
  numbersOf,
  OPTIMIZERS,
  type Convention,
  type Numbers,
  type Optimizer,
  type OptimizerId,
  type OptimizerSettings,
  type Update,
} from './optimizers.js';
export { writeOptimizers } from './onnx-optimizers.js';
export { trainingStep, type StepOptions, type TrainingStep } from './step.js';
export { oneHot, Trainer, type Checkpoint, type StepReport } from './trainer.js';
export { evaluate, type Evaluation } from './evaluate.js';
export { type ImageSet } from './image-set.js';
export type { Extents, Layer, NetworkRecipe, Padding } from './layers.js';
export { learn, type LearnOptions, type LearnReport } from './learn.js';
export { glyph, letterNames, letters, type LetterOptions } from './letters.js';
export { buildNetwork } from './network.js';
export { lettersPreset } from './presets/letters.js';
export { restarts, type RestartOptions, type Start } from './restarts.js';
