import {
  addWeights,
  feedOf,
  vjp,
  type Objective,
  type PoolLowering,
  type ReluRule,
} from '@convlens/autodiff';
import type { Network } from '@convlens/adapters';
import {
  cut,
  elementCount,
  float32,
  inferShapes,
  LensError,
  type Graph,
  type TensorData,
} from '@convlens/onnx';
import type { Executor, GpuProgram, Program } from '@convlens/runtime';
import { LeaseCache } from '../lease-cache.js';
import { placeOf } from './goal.js';
import { goalGraph, goalKey, VALUES, type Feed } from './goal-graph.js';

type Tensor = TensorData<'float32'>;

/** Programs cached, so that going from unit to unit of a layer needs no new session. */
const CACHED = 4;
/** Programs on buffers of a GPU cached: one for each size of a dream. */
const CACHED_ON_GPU = 4;
/** Images in one run at most: memory grows with them. */
const WIDEST = 16;

/** Values and gradients of some images. */
export interface Evaluation {
  /** The objective of each image. */
  readonly values: Float32Array;
  /** float32 `[n, C, H, W]`. */
  readonly gradient: Float32Array;
}

/** What an objective is prepared for. */
export interface PrepareOptions {
  /** `[height, width]` of the input where it is not the network's own. */
  readonly size?: readonly [number, number];
  /** Image whose activations are matched or guide. */
  readonly reference?: Tensor;
  /** Rule at ReLUs; ordinary backpropagation by default. */
  readonly rule?: ReluRule;
}

interface Made<P> {
  readonly program: P;
  readonly feeds: readonly Feed[];
  readonly gradient: string;
}

/**
 * Objectives of one network on one runtime. Programs are kept by what distinguishes them: the units of linear terms
 * are fed, so that one program serves all units of a layer.
 */
export class Goals {
  readonly network: Network;
  readonly executor: Executor;
  readonly #pool: PoolLowering;
  readonly #programs = new LeaseCache<Made<Program>>(CACHED, ({ program }) => program.dispose());
  readonly #onGpu = new LeaseCache<Made<GpuProgram>>(CACHED_ON_GPU, ({ program }) =>
    program.dispose(),
  );

  /**
   * @param network the network
   * @param executor what runs it
   * @param pool how max-pooling is differentiated
   */
  constructor(network: Network, executor: Executor, pool: PoolLowering = 'indices') {
    this.network = network;
    this.executor = executor;
    this.#pool = pool;
  }

  /** Images that one run takes: 1 where the file fixes the batch. */
  get widest(): number {
    const open = this.network.graph.inputs.find(({ name }) => name === this.network.input.name);
    return typeof open?.shape?.[0] === 'number' ? 1 : WIDEST;
  }

  /**
   * A prepared objective for images of one size.
   *
   * @param goals one goal for each image of a batch, all with the same kinds of terms
   * @param options size of the input, images whose activations are matched or guide, rule at ReLUs
   * @throws LensError as `placeOf`; `E_ARGUMENT` when the images of a batch ask for different programs; `E_SHAPE`
   */
  async prepare(
    goals: readonly Objective[],
    options: PrepareOptions = {},
  ): Promise<(images: Float32Array) => Promise<Evaluation>> {
    const { network } = this;
    const { goal, key, batch, size, rule, guideSize } = this.#plan(goals, options);
    const make = async (): Promise<Made<Program>> => {
      const { graph, feeds, gradient } = this.#differentiate(goal, batch, size, rule, guideSize);
      return { program: await this.executor.prepare(graph), feeds, gradient };
    };
    const made = await this.#programs.use(key, make, ({ feeds, gradient }) => ({
      feeds,
      gradient,
    }));
    const fixed = await this.#constants(made.feeds, options.reference, size);
    const chunks: Record<string, Tensor>[] = [];
    for (let first = 0; first < goals.length; first += batch) {
      const part = Array.from(
        { length: batch },
        (_, i) => goals[Math.min(first + i, goals.length - 1)]!,
      );
      chunks.push({ ...fixed, ...this.#weights(made.feeds, part) });
    }
    const length = network.input.shape[0] * size[0] * size[1];
    return async (images) => {
      const values = new Float32Array(goals.length);
      const gradient = new Float32Array(goals.length * length);
      for (const [i, feeds] of chunks.entries()) {
        const first = i * batch;
        const count = Math.min(batch, goals.length - first);
        const input = new Float32Array(batch * length);
        input.set(images.subarray(first * length, (first + count) * length));
        const given = {
          ...feeds,
          [network.input.name]: float32(input, [batch, network.input.shape[0], ...size]),
        };
        // Asked for anew each time: objectives that came after it may have taken its place in the cache.
        const outputs = await this.#programs.use(key, make, ({ program }) => program.run(given));
        const own = (name: string): Float32Array => (outputs[name] as Tensor).data;
        values.set(own(VALUES).subarray(0, count), first);
        gradient.set(own(made.gradient).subarray(0, count * length), first * length);
      }
      return { values, gradient };
    };
  }

  /**
   * A prepared objective on buffers of the runtime's GPU.
   *
   * @param goals one goal for each image; no more than `widest`
   * @param options as `prepare`
   * @returns what runs the program, which gives `VALUES` and `gradient`; it is fed the images `[n, C, H, W]` besides `feeds`
   * @throws LensError as `prepare`; `E_BACKEND_INIT` where the runtime shares no GPU
   */
  async onGpu(
    goals: readonly Objective[],
    options: PrepareOptions,
  ): Promise<{
    readonly run: GpuProgram['run'];
    readonly gradient: string;
    readonly feeds: Readonly<Record<string, Tensor>>;
  }> {
    const { goal, key, batch, size, rule, guideSize } = this.#plan(goals, options);
    if (batch < goals.length) {
      throw new LensError(
        'E_ARGUMENT',
        `Expected at most ${batch} images at once, got ${goals.length}.`,
      );
    }
    const make = async (): Promise<Made<GpuProgram>> => {
      const { graph, feeds, gradient } = this.#differentiate(goal, batch, size, rule, guideSize);
      const program = await this.executor.gpu?.prepare(graph);
      if (!program) throw new LensError('E_BACKEND_INIT', 'This runtime shares no GPU.');
      return { program, feeds, gradient };
    };
    const made = await this.#onGpu.use(key, make, ({ feeds, gradient }) => ({ feeds, gradient }));
    const fixed = await this.#constants(made.feeds, options.reference, size);
    return {
      run: (feeds) => this.#onGpu.use(key, make, ({ program }) => program.run(feeds)),
      gradient: made.gradient,
      feeds: { ...fixed, ...this.#weights(made.feeds, goals) },
    };
  }

  /** What a program is made for. */
  #plan(
    goals: readonly Objective[],
    options: PrepareOptions,
  ): {
    readonly goal: Objective;
    readonly key: string;
    readonly batch: number;
    readonly size: readonly [number, number];
    readonly rule: ReluRule;
    readonly guideSize: readonly [number, number];
  } {
    const { network } = this;
    const [goal] = goals;
    if (!goal || goal.length === 0) {
      throw new LensError('E_ARGUMENT', 'Expected at least one term to optimise for, got none.');
    }
    const { size = [network.input.shape[1], network.input.shape[2]], rule = 'backprop' } = options;
    const key = goalKey(network, goal);
    if (goals.some((other) => goalKey(network, other) !== key)) {
      throw new LensError(
        'E_ARGUMENT',
        'Expected the images of a batch to be optimised for units of the same layer.',
      );
    }
    const coupled = goal.some(({ kind }) => kind === 'diversity');
    if (coupled && (goals.length > this.widest || goals.length < 2)) {
      throw new LensError(
        'E_ARGUMENT',
        `Diversity needs 2 to ${this.widest} images at once, got ${goals.length}` +
          `${this.widest === 1 ? ': this network takes one at a time' : ''}. Leave the diversity term out.`,
      );
    }
    const [guideHeight = size[0], guideWidth = size[1]] = options.reference?.shape.slice(-2) ?? [];
    const batch = Math.min(goals.length, this.widest);
    const guideSize = [guideHeight, guideWidth] as const;
    const whole = JSON.stringify([key, batch, size, rule, guideSize]);
    return { goal, key: whole, batch, size, rule, guideSize };
  }

  /** Weights of linear terms, `[batch, ...shape]`. */
  #weights(feeds: readonly Feed[], goals: readonly Objective[]): Record<string, Tensor> {
    const found: Record<string, Tensor> = {};
    for (const feed of feeds) {
      const { kind, place, input } = feed;
      if (kind !== 'linear' && kind !== 'log') continue;
      const length = elementCount(place.shape);
      const data = new Float32Array(goals.length * length);
      for (const [i, goal] of goals.entries()) {
        const own = data.subarray(i * length, (i + 1) * length);
        for (const term of goal) {
          const here = feedOf(term) === kind && placeOf(this.network, term).value === place.value;
          if (here) addWeights(term, place, own);
        }
      }
      found[input] = float32(data, [goals.length, ...place.shape]);
    }
    return found;
  }

  /** Activations of the image to match, or of the guide. */
  async #constants(
    feeds: readonly Feed[],
    reference: Tensor | undefined,
    size: readonly [number, number],
  ): Promise<Record<string, Tensor>> {
    const wanted = feeds.filter(({ kind }) => kind === 'target' || kind === 'guide');
    if (wanted.length === 0) return {};
    if (!reference) {
      throw new LensError('E_ARGUMENT', 'Expected an image to match or to be guided by, got none.');
    }
    const { graph, input } = this.network;
    const values = [...new Set(wanted.map(({ place }) => place.value))];
    const [height = size[0], width = size[1]] = reference.shape.slice(-2);
    const shape = [1, input.shape[0], height, width];
    const typed = inferShapes(cut(graph, values), { inputs: { [input.name]: shape } });
    const program = await this.executor.prepare(typed);
    try {
      const outputs = await program.run({ [input.name]: { ...reference, shape } });
      const found: Record<string, Tensor> = {};
      for (const feed of wanted) {
        const activation = outputs[feed.place.value] as Tensor;
        if (feed.kind !== 'target') {
          const [channels = 1] = feed.place.shape;
          const positions = activation.data.length / channels;
          found[feed.input] = { ...activation, shape: [1, channels, positions] };
          continue;
        }
        const squares = activation.data.reduce((sum, value) => sum + value * value, 0);
        if (squares === 0) {
          throw new LensError(
            'E_ARGUMENT',
            `The image does not excite ${feed.place.name} at all, so there is nothing to match. Choose an earlier layer.`,
          );
        }
        found[feed.input] = { ...activation, shape: [1, ...feed.place.shape] };
        found[feed.scale] = float32(Float32Array.of(1 / squares), [1]);
      }
      return found;
    } finally {
      await program.dispose();
    }
  }

  #differentiate(
    goal: Objective,
    batch: number,
    size: readonly [number, number],
    rule: ReluRule,
    guideSize: readonly [number, number],
  ): { readonly graph: Graph; readonly feeds: readonly Feed[]; readonly gradient: string } {
    const { name } = this.network.input;
    const { graph, feeds } = goalGraph(this.network, goal, batch, size, guideSize);
    const ones = float32(new Float32Array(batch).fill(1), [batch]);
    const product = vjp(graph, {
      cotangents: { [VALUES]: { constant: ones } },
      wrt: [name],
      rule,
      pool: this.#pool,
      outputs: [VALUES],
    });
    return { graph: product.graph, feeds, gradient: product.gradients[name]! };
  }

  /** Frees all programs. */
  async dispose(): Promise<void> {
    await this.#programs.dispose();
    await this.#onGpu.dispose();
  }
}
