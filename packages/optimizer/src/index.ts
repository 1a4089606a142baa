export type { ConvolutionShape } from './convolution.js';
export type { FilterGradientForm, FilterGradientShape } from './filter-gradient.js';
export { formsOf, type Form, type Order, type Product, type Winograd } from './form.js';
export { fitsFloat16, toFloat16, RANGE, rangeOf } from './half-precision.js';
export { optimize, type OptimizeOptions } from './optimize.js';
export { NODE_POLICY, UNCHANGED, WASM_POLICY, type Policy } from './policy.js';
export {
  LARGEST_ERROR,
  shapeKey,
  tunableShapes,
  tune,
  tunedPolicy,
  tuneShape,
  workOf,
  type Tuned,
  type KnownForms,
  type TunedProgram,
  type TuneOptions,
  type TuningTarget,
} from './tuning.js';
