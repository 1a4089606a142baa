import type { BackendChoice } from '@convlens/engine';

/** A runtime that can be measured. */
export interface BenchRuntime {
  readonly id: string;
  readonly title: string;
  /** What to ask the engine for. */
  readonly choice: BackendChoice;
  readonly gpu: boolean;
}

/** All of them, in the order in which they are measured: the first is what the others are compared with. */
export const RUNTIMES: readonly BenchRuntime[] = [
  { id: 'ort-wasm', title: 'WASM · ONNX Runtime', choice: 'wasm', gpu: false },
  { id: 'ort-webgpu', title: 'WebGPU · ONNX Runtime', choice: 'webgpu', gpu: true },
];

/** The title of a runtime, also of one that only other programs have. */
export function runtimeTitle(id: string): string {
  if (id === 'ort-node') return 'CPU · ONNX Runtime in Node';
  return RUNTIMES.find((one) => one.id === id)?.title ?? id;
}
