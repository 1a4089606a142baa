export { TfjsExecutor, type Tfjs, type TfjsOptions } from './executor.js';
export { registerOwnKernels, type OwnKernels } from './own-wasm-kernels.js';
export { loweredOperators } from './lower/registry.js';
export {
  operandsOf,
  schedule,
  type Elements,
  type Kind,
  type Literal,
  type Operands,
  type Plan,
  type Port,
  type Scheduled,
  type Step,
} from './plan.js';
export type { Traits } from './builder.js';
export {
  GPU_TRAITS,
  OWN_WASM_TRAITS,
  planGraph,
  WASM_TRAITS,
  type PlanOptions,
} from './planner.js';
