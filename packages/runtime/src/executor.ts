// Whoever reads these types needs those of WebGPU.
/// <reference types="@webgpu/types" preserve="true" />

import type { Graph, TensorData } from '@convlens/onnx';
import type { StatefulGraph, StatefulProgram } from './state.js';

/** Tensors by value name. */
export type Tensors = Readonly<Record<string, TensorData>>;

/** A graph made ready on some runtime. */
export interface Program {
  /**
   * Runs the graph once.
   *
   * @param feeds one tensor for every input of the graph
   * @param outputs the graph outputs wanted; all of them when left out
   * @returns the outputs; the tensors belong to the caller
   * @throws LensError `E_RUN`, `E_BACKEND_LOST`
   */
  run(feeds: Tensors, outputs?: readonly string[]): Promise<Record<string, TensorData>>;
  /** Frees what the runtime holds for it. */
  dispose(): Promise<void>;
}

/** A float32 tensor in a buffer of a GPU. */
export interface GpuTensor {
  readonly buffer: GPUBuffer;
  readonly shape: readonly number[];
}

/** An output of a program that stays on its GPU. */
export interface GpuOutput {
  readonly buffer: GPUBuffer;
  /** Gives the buffer back to the runtime; work that was submitted before is done with it. */
  free(): void;
}

/** A graph made ready that works on buffers of its GPU. */
export interface GpuProgram {
  /**
   * Runs the graph once. It is in line with everything else that is submitted to the device: what was submitted before is
   * done when it begins.
   *
   * @param feeds a tensor for every input of the graph
   * @returns all outputs; they belong to the caller, who frees them
   * @throws LensError `E_RUN`, `E_BACKEND_LOST`
   */
  run(feeds: Readonly<Record<string, TensorData | GpuTensor>>): Promise<Record<string, GpuOutput>>;
  /** Frees what the runtime holds for it, but for the outputs that are still held: they stay. */
  dispose(): Promise<void>;
}

/** The GPU of a runtime, for kernels beside those of the runtime. */
export interface Gpu {
  readonly device: GPUDevice;
  /**
   * Makes a graph ready whose inputs and outputs are buffers of the device.
   *
   * @throws LensError as `Executor.prepare`
   */
  prepare(graph: Graph): Promise<GpuProgram>;
  /**
   * Waits for something that the device does.
   *
   * @param task begins it
   * @throws LensError `E_BACKEND_LOST` when the device is lost, which may leave the task without an end
   */
  wait<T>(task: () => Promise<T>): Promise<T>;
}

/** How exact a program must be. */
export interface Precision {
  /**
   * Whether its numbers may be computed in float16 where the runtime is faster with them: right to about 1 % of a tensor's
   * size. Never for what has derivatives in it.
   */
  readonly float16?: boolean;
}

/** Prepares graphs. Every technique stands on this: a technique builds graphs, a runtime runs them. */
export interface Executor {
  /**
   * Makes a graph ready to run.
   *
   * @param graph inputs and outputs are float32 whatever it is computed in
   * @param precision by default float32
   * @throws LensError `E_OP_UNSUPPORTED`, `E_BACKEND_INIT`
   */
  prepare(graph: Graph, precision?: Precision): Promise<Program>;
  /**
   * There where the runtime can keep values between runs in memory of its own. Callers use `prepare` of this package, which
   * does the same in JavaScript's memory where it is missing.
   *
   * @param stateful a graph and its state, as `statefulGraph` checks them
   * @throws LensError as `prepare`
   */
  prepareStateful?(stateful: StatefulGraph): Promise<StatefulProgram>;
  /** There where the runtime works on a GPU whose buffers kernels of our own can share. */
  readonly gpu?: Gpu;
}
