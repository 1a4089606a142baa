export { geometryOf, type Geometry } from './geometry.js';
export { differentiableOperators } from './registry.js';
export { objective, type Objective, type WeightedObjective } from './objective.js';
export type { ShapeOptions } from './prepare.js';
export type { PoolLowering, ReluRule } from './rule.js';
export { upgrade } from './upgrade.js';
export {
  differentiate,
  vjp,
  type Cotangent,
  type Differentiated,
  type DifferentiationOptions,
  type VjpOptions,
} from './vjp.js';
