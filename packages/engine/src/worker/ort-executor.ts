import type { Executor, Program, Tensors } from '@convlens/core';
import {
  LensError,
  write,
  writeParts,
  type DType,
  type Graph,
  type TensorData,
} from '@convlens/onnx';
import type {
  InferenceSession,
  InferenceSessionFactory,
  Tensor,
  TensorConstructor,
} from 'onnxruntime-common';
import { Queue } from './queue.js';

/** The part of ONNX Runtime's module that is used; the same in the browser and in Node. */
export interface Ort {
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
}

/** Tells whether an error means that the device under the runtime is gone, so that another backend must go on. */
export type LossTest = (error: unknown) => boolean;

const describeError = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!.trim();

/** Operators that a runtime says it cannot run, from the sentences ONNX Runtime uses. */
function unsupportedOperator(message: string): string | undefined {
  return (
    /Could not find an implementation for (\w+)/.exec(message)?.[1] ??
    /No Op registered for (\w+)/.exec(message)?.[1] ??
    /op_type: ?"?(\w+)"? is not/.exec(message)?.[1]
  );
}

/**
 * Runs graphs with ONNX Runtime. A runtime instance does one thing at a time, so everything goes through one queue.
 */
export class OrtExecutor implements Executor {
  readonly #ort: Ort;
  readonly #options: InferenceSession.SessionOptions;
  readonly #queue = new Queue();
  readonly #isLoss: LossTest;
  readonly #lower: (graph: Graph) => Graph;
  readonly #parts: boolean;
  #sessions = 0;

  /**
   * @param ort the runtime's module
   * @param options execution provider and its settings
   * @param isLoss tells lost devices from other failures
   * @param lower rewrites what the runtime computes wrongly or slowly
   * @param parts hand weights over beside the model instead of in it, which saves copies; only the web runtime can
   */
  constructor(
    ort: Ort,
    options: InferenceSession.SessionOptions,
    isLoss: LossTest = () => false,
    lower: (graph: Graph) => Graph = (graph) => graph,
    parts = false,
  ) {
    this.#ort = ort;
    this.#options = options;
    this.#isLoss = isLoss;
    this.#lower = lower;
    this.#parts = parts;
  }

  /** Number of sessions that are alive. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Makes a session of a graph; see `Executor`. */
  async prepare(graph: Graph): Promise<Program> {
    const session = await this.#guard('prepare', graph, () => this.#load(this.#lower(graph)));
    this.#sessions++;
    let live = true;
    return {
      run: (feeds, outputs) => this.#run(session, graph, feeds, outputs),
      dispose: async () => {
        if (!live) return;
        live = false;
        this.#sessions--;
        await this.#queue.add(() => session.release());
      },
    };
  }

  #load(graph: Graph): Promise<InferenceSession> {
    if (!this.#parts) return this.#ort.InferenceSession.create(write(graph), this.#options);
    const { model, weights } = writeParts(graph);
    const externalData = Array.from(weights, ([path, data]) => ({ path, data }));
    return this.#ort.InferenceSession.create(model, { ...this.#options, externalData });
  }

  async #run(
    session: InferenceSession,
    graph: Graph,
    feeds: Tensors,
    outputs: readonly string[] = session.outputNames,
  ): Promise<Record<string, TensorData>> {
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
        name,
        new this.#ort.Tensor(dtype as Tensor.Type, data as Tensor.DataType, shape),
      ]),
    );
    return this.#guard('run', graph, async () => {
      const results = await session.run(inputs, outputs);
      const tensors: Record<string, TensorData> = {};
      for (const name of outputs) {
        const result = results[name]!;
        const data = await result.getData();
        tensors[name] = { dtype: result.type as DType, shape: result.dims, data };
        result.dispose();
      }
      return tensors;
    });
  }

  async #guard<T>(doing: 'prepare' | 'run', graph: Graph, task: () => Promise<T>): Promise<T> {
    try {
      return await this.#queue.add(task);
    } catch (cause) {
      if (cause instanceof LensError) throw cause;
      const said = describeError(cause);
      if (this.#isLoss(cause)) {
        throw new LensError('E_BACKEND_LOST', `The device was lost while it worked (${said}).`, {
          cause,
        });
      }
      const op = unsupportedOperator(said);
      const node = graph.nodes.find((candidate) => candidate.op === op);
      if (op !== undefined && node) {
        throw new LensError(
          'E_OP_UNSUPPORTED',
          `The runtime has no operator ${op}, which node "${node.name}" needs. Choose another backend or export the network without it.`,
          { cause },
        );
      }
      throw new LensError('E_RUN', `The runtime could not ${doing} the network: ${said}`, {
        cause,
      });
    }
  }
}
