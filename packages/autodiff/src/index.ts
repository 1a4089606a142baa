export { geometryOf, overhang, transposedGeometryOf, type Geometry } from './geometry.js';
export { differentiableOperators } from './registry.js';
export {
  addWeights,
  checkTerm,
  feedOf,
  writeObjective,
  type ObjectiveInputs,
} from './objective/kinds.js';
export { objective } from './objective/objective.js';
export type { Objective, Place, Term } from './objective/term.js';
export type { ShapeOptions } from './prepare.js';
export type { ReluRule } from './relu-rules.js';
export type { PoolLowering } from './rule.js';
export {
  resizeMatrix,
  resizeModeOf,
  type ResizeMode,
  type ResizeNode,
} from './rules/resize-matrix.js';
export { upgrade } from './upgrade.js';
export {
  dropoutMask,
  trainingMode,
  type DropoutMask,
  type TrainingGraph,
  type TrainingOptions,
} from './training/training-mode.js';
export { weightsAsInputs, type OpenGraph } from './training/weights-as-inputs.js';
export { writeOut } from './training/write-out.js';
export type { Matrix } from './linear-map.js';
export {
  differentiate,
  vjp,
  type Cotangent,
  type Differentiated,
  type DifferentiationOptions,
  type VjpOptions,
} from './vjp.js';
