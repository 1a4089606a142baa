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
