export { geometryOf, overhang, transposedGeometryOf, type Geometry } from './geometry.js';
export { differentiableOperators } from './registry.js';
export { objective, type Objective, type WeightedObjective } from './objective.js';
export type { ShapeOptions } from './prepare.js';
export type { PoolLowering, ReluRule } from './rule.js';
export {
  resizeMatrix,
  resizeModeOf,
  type ResizeMode,
  type ResizeNode,
} from './rules/resize-matrix.js';
export { upgrade } from './upgrade.js';
export type { Matrix } from './linear-map.js';
export {
  differentiate,
  vjp,
  type Cotangent,
  type Differentiated,
  type DifferentiationOptions,
  type VjpOptions,
} from './vjp.js';
