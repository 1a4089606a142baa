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

/** A tensor that stays where it was computed. */
export interface Held {
  /** Its numbers; the tensor belongs to the caller. */
  read(): Promise<TensorData>;
  /** Frees it. */
  dispose(): void;
}

/** A graph made ready whose outputs stay where they are computed. */
export interface HoldingProgram {
  /**
   * Runs the graph once.
   *
   * @param feeds a tensor for every input of the graph, some of which may be what another run has left there
   * @returns all outputs; they belong to the caller, who frees them
   * @throws LensError `E_RUN`, `E_BACKEND_LOST`
   */
  run(feeds: Readonly<Record<string, TensorData | Held>>): Promise<Record<string, Held>>;
  /** Frees what the runtime holds for it, but for the outputs that are still held: they stay. */
  dispose(): Promise<void>;
}

/** How exact a program must be. */
export interface Precision {
  /**
   * Whether its numbers may be computed in float16 where the runtime is faster with them: right to about 1 % of a tensor's
   * size. Never for what has derivatives in it.
   */
  readonly halves?: boolean;
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
   * Makes a graph ready whose outputs stay on the device. Only runtimes have it where reading outputs costs something.
   *
   * @throws LensError as `prepare`
   */
  prepareHolding?(graph: Graph): Promise<HoldingProgram>;
}
