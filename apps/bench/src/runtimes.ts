import type { RuntimeId } from '@convlens/engine';

/** A runtime that can be measured. */
export interface BenchRuntime {
  readonly id: RuntimeId;
  readonly title: string;
  readonly gpu: boolean;
}

/** All of them, in the order in which they are measured: the first is what the others are compared with. */
export const RUNTIMES: readonly BenchRuntime[] = [
  { id: 'ort-wasm', title: 'WASM · ONNX Runtime', gpu: false },
  { id: 'tfjs-wasm', title: 'WASM · TensorFlow.js', gpu: false },
  { id: 'tfjs-webgl', title: 'WebGL · TensorFlow.js', gpu: true },
  { id: 'ort-webgpu', title: 'WebGPU · ONNX Runtime', gpu: true },
  { id: 'tfjs-webgpu', title: 'WebGPU · TensorFlow.js', gpu: true },
];

/** The title of a runtime, also of one that only other programs have. */
export function runtimeTitle(id: string): string {
  if (id === 'ort-node') return 'CPU · ONNX Runtime in Node';
  return RUNTIMES.find((one) => one.id === id)?.title ?? id;
}
