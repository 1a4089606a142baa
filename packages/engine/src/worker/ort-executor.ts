import { keepState, type StatefulGraph, type StatefulProgram } from '@convlens/runtime';
import type {
  Executor,
  Gpu,
  GpuOutput,
  GpuProgram,
  GpuTensor,
  Precision,
  Program,
  Tensors,
} from '@convlens/runtime';
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

/** How to compute in float16. */
export interface HalfPrecision {
  /** The same graph in float16. */
  readonly toFloat16: (graph: Graph) => Graph;
  /** A graph that gives the largest magnitude among the numbers that would be in float16. */
  readonly range: (graph: Graph) => Graph;
  /** Whether that magnitude is small enough. */
  readonly fits: (largest: number) => boolean;
}

/** Tells whether an error means that the device under the runtime is gone, so that another backend must go on. */
type LossTest = (error: unknown) => boolean;

/** What tells one runtime of ONNX Runtime from another. */
export interface OrtTraits {
  /** Tells lost devices from other failures. */
  readonly isLoss?: LossTest;
  /** Rewrites what the runtime computes wrongly or slowly. */
  readonly lower?: (graph: Graph) => Graph;
  /** Hand weights over beside the model instead of in it, which saves copies; only the web runtime can. */
  readonly parts?: boolean;
  /** How to compute in float16, where the runtime is faster with it. */
  readonly float16?: HalfPrecision;
  /** The GPU that it works on, where kernels of our own can share it. */
  readonly device?: GPUDevice;
}

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

const isFinite = ({ dtype, data }: TensorData): boolean =>
  dtype !== 'float32' || (data as Float32Array).every(Number.isFinite);

/** The numbers of a tensor, wherever they are. */
async function dataOf(tensor: Tensor): Promise<TensorData> {
  return { dtype: tensor.type as DType, shape: tensor.dims, data: await tensor.getData() };
}

/**
 * Runs graphs with ONNX Runtime. A runtime instance does one thing at a time, so everything goes through one queue.
 */
export class OrtExecutor implements Executor {
  readonly #ort: Ort;
  readonly #options: InferenceSession.SessionOptions;
  readonly #traits: OrtTraits;
  readonly #queue = new Queue();
  #sessions = 0;
  #held = 0;
  /** See `Executor`; there where the runtime shares its device. */
  readonly gpu?: Gpu;

  /**
   * @param ort the runtime's module
   * @param options execution provider and its settings
   * @param traits what else there is to know of it
   */
  constructor(ort: Ort, options: InferenceSession.SessionOptions, traits: OrtTraits = {}) {
    this.#ort = ort;
    this.#options = options;
    this.#traits = traits;
    const { device } = traits;
    if (!device) return;
    this.gpu = {
      device,
      prepare: (graph) => this.#prepareOnGpu(graph),
      wait: (task) => task().catch((cause: unknown) => this.#fail('read', cause)),
    };
  }

  /** Number of sessions that are alive. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Number of outputs that stay on the device. */
  get tensors(): number {
    return this.#held;
  }

  /** Makes a session of a graph; see `Executor`. */
  async prepare(graph: Graph, { float16 = false }: Precision = {}): Promise<Program> {
    if (float16 && this.#traits.float16) return this.#prepareFloat16(graph, this.#traits.float16);
    const { session, dispose } = await this.#open(graph, this.#options);
    return { run: (feeds, outputs) => this.#run(session, graph, feeds, outputs), dispose };
  }

  /** In float16 where the runtime takes it and it holds the first image's numbers with some room; else in float32. */
  async #prepareFloat16(graph: Graph, float16: HalfPrecision): Promise<Program> {
    const program = await this.prepare(float16.toFloat16(graph)).catch(() => this.prepare(graph));
    let fits: Promise<boolean> | undefined;
    let exact: Promise<Program> | undefined;
    return {
      run: async (feeds, outputs) => {
        fits ??= this.#fits(float16.range(graph), float16.fits, feeds);
        if ((await fits) && !exact) {
          const found = await program.run(feeds, outputs);
          if (Object.values(found).every(isFinite)) return found;
        }
        return (await (exact ??= this.prepare(graph))).run(feeds, outputs);
      },
      dispose: async () => {
        await program.dispose();
        const other = await exact?.catch(() => undefined);
        await other?.dispose();
      },
    };
  }

  /** Whether the numbers of a first run are small enough. Where that cannot be found out they are not taken to be. */
  async #fits(graph: Graph, fits: HalfPrecision['fits'], feeds: Tensors): Promise<boolean> {
    const program = await this.prepare(graph).catch(() => undefined);
    if (!program) return false;
    try {
      const [range] = Object.values(await program.run(feeds));
      return fits(range!.data[0] as number);
    } catch {
      return false;
    } finally {
      await program.dispose();
    }
  }

  async #prepareOnGpu(graph: Graph): Promise<GpuProgram> {
    const { session, dispose } = await this.#open(graph, {
      ...this.#options,
      preferredOutputLocation: 'gpu-buffer',
    });
    // A session's outputs are gone with it: it is released after the last of them.
    let outside = 0;
    let wanted = true;
    const settle = async (): Promise<void> => {
      if (!wanted && outside === 0) await dispose();
    };
    return {
      run: async (feeds) => {
        const freed = (): void => {
          outside--;
          void settle();
        };
        // A run that is under way counts as one that will be held.
        outside++;
        try {
          const outputs = await this.#runOnGpu(session, graph, feeds, freed);
          outside += Object.keys(outputs).length;
          return outputs;
        } finally {
          freed();
        }
      },
      dispose: () => {
        wanted = false;
        return settle();
      },
    };
  }

  /**
   * Makes a session whose state stays with the runtime: on its GPU where it has one, else in tensors that it is fed again. A read
   * brings a value of the GPU to the processor, so that the run after it takes it from there.
   */
  async prepareStateful(stateful: StatefulGraph): Promise<StatefulProgram> {
    const { graph, state } = stateful;
    const onGpu = new Set(
      state.flatMap(({ from, dtype }) =>
        this.#traits.device && from !== undefined && dtype === 'float32' ? [from] : [],
      ),
    );
    const locations = graph.outputs.map(
      ({ name }) => [name, onGpu.has(name) ? 'gpu-buffer' : 'cpu'] as const,
    );
    const { session, dispose } = await this.#open(graph, {
      ...this.#options,
      ...(onGpu.size > 0 && { preferredOutputLocation: Object.fromEntries(locations) }),
    });
    const held = new Set<Tensor>();
    return keepState<Tensor>(stateful, {
      put: ({ data, ...tensor }) => this.#tensor({ ...tensor, data: data.slice() }),
      get: async (value) => {
        const { data, ...tensor } = await this.#guard('run', graph, () => dataOf(value));
        return { ...tensor, data: data.slice() };
      },
      free: (value) => {
        value.dispose();
        if (held.delete(value)) this.#held--;
      },
      run: async (feeds, state, outputs, carried) => {
        const inputs = { ...this.#tensors(feeds), ...state };
        const results = await this.#guard('run', graph, () =>
          session.run(inputs, [...new Set([...outputs, ...carried])]),
        );
        const kept = new Set(carried);
        const tensors: Record<string, TensorData> = {};
        try {
          for (const name of outputs) {
            const tensor = await this.#guard('run', graph, () => dataOf(results[name]!));
            // What the caller gets is the caller's.
            tensors[name] = kept.has(name) ? { ...tensor, data: tensor.data.slice() } : tensor;
            if (!kept.has(name)) results[name]!.dispose();
          }
        } catch (error) {
          for (const result of Object.values(results)) result.dispose();
          throw error;
        }
        for (const name of carried) {
          if (results[name]!.location !== 'gpu-buffer') continue;
          held.add(results[name]!);
          this.#held++;
        }
        return { outputs: tensors, carried: results };
      },
      dispose,
    });
  }

  #tensors(feeds: Tensors): Record<string, Tensor> {
    return Object.fromEntries(
      Object.entries(feeds).map(([name, feed]) => [name, this.#tensor(feed)]),
    );
  }

  async #open(
    graph: Graph,
    options: InferenceSession.SessionOptions,
  ): Promise<{ readonly session: InferenceSession; readonly dispose: () => Promise<void> }> {
    const lowered = this.#traits.lower?.(graph) ?? graph;
    const session = await this.#guard('prepare', graph, () => this.#load(lowered, options));
    this.#sessions++;
    let live = true;
    const dispose = async (): Promise<void> => {
      if (!live) return;
      live = false;
      this.#sessions--;
      await this.#queue.add(() => session.release());
    };
    return { session, dispose };
  }

  #load(graph: Graph, options: InferenceSession.SessionOptions): Promise<InferenceSession> {
    if (!this.#traits.parts) return this.#ort.InferenceSession.create(write(graph), options);
    const { model, weights } = writeParts(graph);
    const externalData = Array.from(weights, ([path, data]) => ({ path, data }));
    return this.#ort.InferenceSession.create(model, { ...options, externalData });
  }

  #tensor({ dtype, data, shape }: TensorData): Tensor {
    return new this.#ort.Tensor(dtype, data, shape);
  }

  async #run(
    session: InferenceSession,
    graph: Graph,
    feeds: Tensors,
    outputs: readonly string[] = session.outputNames,
  ): Promise<Record<string, TensorData>> {
    const inputs = this.#tensors(feeds);
    return this.#guard('run', graph, async () => {
      const results = await session.run(inputs, outputs);
      const tensors: Record<string, TensorData> = {};
      for (const name of outputs) {
        const result = results[name]!;
        tensors[name] = await dataOf(result);
        result.dispose();
      }
      return tensors;
    });
  }

  async #runOnGpu(
    session: InferenceSession,
    graph: Graph,
    feeds: Readonly<Record<string, TensorData | GpuTensor>>,
    freed: () => void,
  ): Promise<Record<string, GpuOutput>> {
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([name, feed]) => [
        name,
        'buffer' in feed
          ? this.#ort.Tensor.fromGpuBuffer(feed.buffer, { dims: feed.shape, dataType: 'float32' })
          : this.#tensor(feed),
      ]),
    );
    const results = await this.#guard('run', graph, () => session.run(inputs));
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => {
        this.#held++;
        const free = (): void => {
          tensor.dispose();
          this.#held--;
          freed();
        };
        return [name, { buffer: tensor.gpuBuffer, free }];
      }),
    );
  }

  async #guard<T>(doing: 'prepare' | 'run', graph: Graph, task: () => Promise<T>): Promise<T> {
    return this.#queue.add(task).catch((cause: unknown) => this.#fail(doing, cause, graph));
  }

  /** Says what went wrong. A buffer that is to be read and is gone was taken by its device. */
  #fail(doing: 'prepare' | 'run' | 'read', cause: unknown, graph?: Graph): never {
    if (cause instanceof LensError) throw cause;
    const said = describeError(cause);
    const gone = doing === 'read' && cause instanceof Error && cause.name === 'AbortError';
    if (gone || this.#traits.isLoss?.(cause)) {
      throw new LensError('E_BACKEND_LOST', `The device was lost while it worked (${said}).`, {
        cause,
      });
    }
    const op = unsupportedOperator(said);
    const node = graph?.nodes.find((candidate) => candidate.op === op);
    if (op !== undefined && node) {
      throw new LensError(
        'E_OP_UNSUPPORTED',
        `The runtime has no operator ${op}, which node "${node.name}" needs. Choose another backend or export the network without it.`,
        { cause },
      );
    }
    throw new LensError('E_RUN', `The runtime could not ${doing} the network: ${said}`, { cause });
  }
}
