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
