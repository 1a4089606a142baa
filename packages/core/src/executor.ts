import type { Graph, TensorData } from '@convlens/onnx';

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

/** Prepares graphs. Every technique stands on this: a technique builds graphs, a runtime runs them. */
export interface Executor {
  /**
   * Makes a graph ready to run.
   *
   * @throws LensError `E_OP_UNSUPPORTED`, `E_BACKEND_INIT`
   */
  prepare(graph: Graph): Promise<Program>;
}
