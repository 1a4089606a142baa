import {
  keepState,
  type Executor,
  type Program,
  type StatefulGraph,
  type StatefulProgram,
  type Tensors,
  type Values,
} from '@convlens/runtime';
import { LensError, type DType, type Graph, type TensorData } from '@convlens/onnx';
import type * as Core from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { kindOf, type Traits } from './builder.js';
import { planGraph } from './planner.js';
import { schedule, type Elements, type Plan, type Port, type Scheduled } from './plan.js';

/** The part of TensorFlow.js that is used. */
export type Tfjs = Pick<typeof Core, 'engine' | 'getBackend' | 'memory' | 'setBackend'>;

/** Where plans run. */
export interface TfjsOptions {
  /** Name of the runtime, for messages. */
  readonly runtime: string;
  /** Name under which the backend is registered in TensorFlow.js. */
  readonly backend: string;
  /** What it is good at. */
  readonly traits: Traits;
  /** Whether the device has been lost. TensorFlow.js does not say so: its results are zeros then. */
  readonly isLost?: () => boolean;
  /** Rewrites a graph for the backend before it is planned. */
  readonly lower?: (graph: Graph) => Graph;
}

/** A plan whose literals lie on the backend. */
interface Loaded {
  readonly plan: Plan;
  readonly literals: ReadonlyMap<number, Tensor>;
  readonly schedules: Map<string, readonly Scheduled[]>;
}

/** What a run gives: outputs for the caller, and tensors that stay. */
interface Results {
  readonly outputs: Record<string, TensorData>;
  readonly carried: Values<Tensor>;
}

/** A graph that is planned. */
interface Opened {
  /** See `StateMemory.run`. */
  readonly run: (
    feeds: Tensors,
    state: Values<Tensor>,
    outputs: readonly string[],
    carried: readonly string[],
  ) => Promise<Results>;
  readonly dispose: () => Promise<void>;
}

/** Plans of one program that are kept, by the shapes of the inputs. */
const PLANS_CACHED = 2;

/** One backend at a time is active in TensorFlow.js, whoever uses it. */
let last: Promise<unknown> = Promise.resolve();

function inTurn<T>(task: () => Promise<T>): Promise<T> {
  const result = last.then(task, task);
  last = result.catch(() => undefined);
  return result;
}

/** Another tensor with the same elements, which are not copied. */
function same(engine: ReturnType<Tfjs['engine']>, x: Tensor): Tensor {
  return engine.runKernel('Identity', { x });
}

function toTfjs({ data }: TensorData, { kind }: Pick<Port, 'kind'>): Elements {
  if (kind === 'int32') return Int32Array.from(data as ArrayLike<number | bigint>, Number);
  return data as Elements;
}

type Numbers = ArrayLike<number> & Iterable<number>;

/** What holds integers of each type; TensorFlow.js holds all of them as int32. */
const INTEGERS: Partial<Record<DType, (data: Numbers) => TensorData['data']>> = {
  bool: (data) => Uint8Array.from(data),
  int8: (data) => Int8Array.from(data),
  int16: (data) => Int16Array.from(data),
  int32: (data) => Int32Array.from(data),
  int64: (data) => BigInt64Array.from(data, BigInt),
  uint8: (data) => Uint8Array.from(data),
  uint16: (data) => Uint16Array.from(data),
  uint32: (data) => Uint32Array.from(data),
  uint64: (data) => BigUint64Array.from(data, BigInt),
};

/** Elements of a result in the type that the graph declares. */
function fromTfjs(data: Numbers, dtype: DType): TensorData['data'] {
  return INTEGERS[dtype]?.(data) ?? (data as Float32Array);
}

/** Runs graphs as kernel calls of TensorFlow.js. None of its automatic differentiation is used. */
export class TfjsExecutor implements Executor {
  readonly #tf: Tfjs;
  readonly #options: TfjsOptions;
  readonly #refusals = new WeakSet<object>();
  #sessions = 0;

  /**
   * @param tf the core of TensorFlow.js, with the backend registered
   * @param options which backend
   */
  constructor(tf: Tfjs, options: TfjsOptions) {
    this.#tf = tf;
    this.#options = options;
  }

  /** Number of programs that are alive. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Number of tensors that TensorFlow.js holds. */
  get tensors(): number {
    return this.#tf.memory().numTensors;
  }

  /** Whether an error says that a graph cannot run here; it may elsewhere. */
  readonly refused = (error: unknown): boolean =>
    error instanceof LensError && this.#refusals.has(error);

  /**
   * Plans a graph, for the shapes that it declares; see `Executor`. Where a run feeds other shapes, it is planned again.
   *
   * @throws LensError `E_OP_UNSUPPORTED` before anything runs
   */
  async prepare(graph: Graph): Promise<Program> {
    const { run, dispose } = await this.#open(graph);
    return {
      run: async (feeds, outputs = graph.outputs.map(({ name }) => name)) =>
        (await run(feeds, {}, outputs, [])).outputs,
      dispose,
    };
  }

  /** Plans a graph with state, whose values stay tensors of the backend; see `Executor`. */
  async prepareStateful(stateful: StatefulGraph): Promise<StatefulProgram> {
    const { run, dispose } = await this.#open(stateful.graph);
    return keepState<Tensor>(stateful, {
      put: (tensor) =>
        this.#guard('run', () => {
          const { dtype, shape } = tensor;
          const kind = kindOf(dtype);
          if (!kind) {
            throw new LensError('E_RUN', `TensorFlow.js has no numbers of type ${dtype}.`);
          }
          // Some backends take the elements over only when they are read first.
          const data = toTfjs(tensor, { kind }).slice();
          return this.#tf.engine().makeTensor(data, [...shape], kind);
        }),
      get: (value, { dtype }) =>
        this.#guard('run', async () => {
          const data = (await value.data()).slice();
          if (this.#options.isLost?.()) throw this.#loss();
          return { dtype, shape: value.shape, data: fromTfjs(data, dtype) };
        }),
      free: (value) => {
        value.dispose();
      },
      run,
      dispose,
    });
  }

  async #open(graph: Graph): Promise<Opened> {
    const { runtime, traits, lower = (same: Graph): Graph => same } = this.#options;
    const plans = new Map<string, Loaded>();
    const declared = graph.inputs.every(({ shape }) =>
      shape?.slice(1).every((extent) => typeof extent === 'number'),
    );
    const load = (inputs: Readonly<Record<string, readonly number[]>>): Loaded => {
      let plan: Plan;
      try {
        plan = planGraph(lower(graph), { runtime, traits, inputs });
      } catch (error) {
        if (error instanceof LensError && error.code === 'E_OP_UNSUPPORTED') {
          this.#refusals.add(error);
        }
        throw error;
      }
      return this.#load(plan);
    };
    if (declared) {
      await this.#guard('prepare', () => {
        const loaded = load({});
        plans.set(keyOf(loaded.plan.inputs), loaded);
      });
    }
    this.#sessions++;
    let live = true;
    return {
      run: (feeds, state, outputs, carried) =>
        this.#guard('run', async () => {
          const shapes = Object.fromEntries(
            graph.inputs.map(({ name }) => [name, (state[name] ?? feedOf(feeds, name)).shape]),
          );
          const key = JSON.stringify(shapes);
          const loaded = plans.get(key) ?? load(shapes);
          plans.delete(key);
          plans.set(key, loaded);
          if (plans.size > PLANS_CACHED) {
            const [oldest, idle] = [...plans][0]!;
            plans.delete(oldest);
            this.#unload(idle);
          }
          return this.#run(loaded, feeds, state, outputs, carried);
        }),
      dispose: async () => {
        if (!live) return;
        live = false;
        this.#sessions--;
        await this.#guard('run', () => {
          for (const loaded of plans.values()) this.#unload(loaded);
          plans.clear();
        });
      },
    };
  }

  #load(plan: Plan): Loaded {
    const engine = this.#tf.engine();
    const literals = new Map(
      plan.literals.map(({ register, kind, shape, data }) => [
        register,
        engine.makeTensor(data, [...shape], kind),
      ]),
    );
    // The elements are on the backend now; the plan need not hold them a second time.
    const bare = plan.literals.map((literal) => ({ ...literal, data: new Float32Array(0) }));
    return { plan: { ...plan, literals: bare }, literals, schedules: new Map() };
  }

  #unload({ literals }: Loaded): void {
    for (const tensor of literals.values()) tensor.dispose();
  }

  async #run(
    loaded: Loaded,
    feeds: Tensors,
    state: Values<Tensor>,
    wanted: readonly string[],
    carried: readonly string[],
  ): Promise<Results> {
    const { plan, literals, schedules } = loaded;
    const all = [...new Set([...wanted, ...carried])];
    const key = all.join('\n');
    let steps = schedules.get(key);
    if (!steps) schedules.set(key, (steps = schedule(plan, all)));
    const engine = this.#tf.engine();
    const registers = new Map<number, Tensor>(literals);
    const owned = new Set<Tensor>();
    const hold = (register: number, tensor: Tensor): void => {
      registers.set(register, tensor);
      owned.add(tensor);
    };
    const free = (register: number): void => {
      const tensor = registers.get(register);
      if (!tensor || !owned.delete(tensor)) return;
      registers.delete(register);
      tensor.dispose();
    };
    try {
      for (const port of plan.inputs) {
        const { register, kind, shape } = port;
        const kept = state[port.name];
        if (kept) {
          registers.set(register, kept);
          continue;
        }
        const elements = toTfjs(feedOf(feeds, port.name), port);
        hold(register, engine.makeTensor(elements, [...shape], kind));
      }
      for (const { step, free: dead } of steps) {
        const { kernel, inputs, attributes, output } = step;
        const operands = Array.isArray(inputs)
          ? (inputs as readonly number[]).map((register) => registers.get(register)!)
          : Object.fromEntries(
              Object.entries(inputs as Record<string, number>).map(([name, register]) => [
                name,
                registers.get(register)!,
              ]),
            );
        const result: Tensor | Tensor[] = engine.runKernel(
          kernel,
          operands as unknown as NamedTensorMap,
          attributes as Record<string, never>,
        );
        hold(output, Array.isArray(result) ? result[0]! : result);
        for (const register of dead) free(register);
      }
      const portOf = (name: string): Port => {
        const port = plan.outputs.find((output) => output.name === name);
        if (port) return port;
        throw new LensError('E_VALUE_UNKNOWN', `The graph has no output "${name}".`);
      };
      const outputs: Record<string, TensorData> = {};
      for (const name of wanted) {
        const port = portOf(name);
        // Read data may be a view of the backend's own memory: what is given away is a copy.
        const data = (await registers.get(port.register)!.data()).slice();
        outputs[name] = { dtype: port.dtype, shape: port.shape, data: fromTfjs(data, port.dtype) };
      }
      if (this.#options.isLost?.()) throw this.#loss();
      const taken = carried.map((name): [string, Tensor] => {
        const tensor = registers.get(portOf(name).register)!;
        // What is an input or a constant too, or another output, is not for one to take.
        return [name, owned.delete(tensor) ? tensor : same(engine, tensor)];
      });
      return { outputs, carried: Object.fromEntries(taken) };
    } finally {
      for (const tensor of owned) tensor.dispose();
    }
  }

  #loss(cause?: unknown): LensError {
    return new LensError('E_BACKEND_LOST', 'The device was lost while it worked.', { cause });
  }

  async #guard<T>(doing: 'prepare' | 'run', task: () => T | Promise<T>): Promise<T> {
    const { runtime, backend, isLost } = this.#options;
    try {
      return await inTurn(async () => {
        if (isLost?.()) throw this.#loss();
        if (this.#tf.getBackend() !== backend) await this.#tf.setBackend(backend);
        return task();
      });
    } catch (cause) {
      if (isLost?.() && !(cause instanceof LensError && cause.code === 'E_BACKEND_LOST')) {
        throw this.#loss(cause);
      }
      if (cause instanceof LensError) throw cause;
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new LensError('E_RUN', `${runtime} could not ${doing} the network: ${said}`, { cause });
    }
  }
}

function keyOf(ports: readonly Port[]): string {
  return JSON.stringify(Object.fromEntries(ports.map(({ name, shape }) => [name, shape])));
}

function feedOf(feeds: Tensors, name: string): TensorData {
  const feed = feeds[name];
  if (feed) return feed;
  throw new LensError('E_RUN', `The input "${name}" was not fed.`);
}
