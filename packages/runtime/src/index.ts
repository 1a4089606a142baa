export type {
  Executor,
  Gpu,
  GpuOutput,
  GpuProgram,
  GpuTensor,
  Precision,
  Program,
  Tensors,
} from './executor.js';
export { inMemory } from './in-memory.js';
export { keepState, type StateMemory, type Values } from './keep-state.js';
export { prepare, prepareStateful } from './prepare.js';
export {
  statefulGraph,
  type StatefulGraph,
  type StatefulProgram,
  type StateOptions,
  type StateValue,
} from './state.js';
export { weightsOf } from './weights.js';
