import { addWeights, vjp, type PoolLowering, type ReluRule, type Term } from '@convlens/autodiff';
import type { Network } from '@convlens/adapters';
import { elementCount, float32, LensError, type TensorData } from '@convlens/onnx';
import type { Executor, Program } from '@convlens/runtime';
import { batchOf, imagesOf, takesBatches } from '../batch.js';
import { LeaseCache } from '../lease-cache.js';
import { placeOf } from '../optimisation/goal.js';

/** A term that is one unit: a channel, meant over its map, or a channel at a place of it. */
export type UnitTerm = Extract<Term, { readonly kind: 'channel' | 'neuron' }>;

/** A term that is differentiated by itself: the score of a class before any softmax, or a unit of a layer. */
export type Target = Extract<Term, { readonly kind: 'class' }> | UnitTerm;

/** A value of the graph and the cotangent that says which part of it is differentiated. */
export interface Seed {
  /** Name of the value in the graph. */
  readonly value: string;
  /** float32, of the value's shape, for one image or for each image of a batch. */
  readonly cotangent: TensorData<'float32'>;
}

/** One backward pass. */
export interface Backward {
  /** The seeded value itself, float32 `[N, ...]`. */
  readonly value: TensorData<'float32'>;
  /** Products by name of what was differentiated against, each of that value's shape. */
  readonly gradients: ReadonlyMap<string, TensorData<'float32'>>;
  /** Further values that were asked for. */
  readonly values: ReadonlyMap<string, TensorData<'float32'>>;
}

/** A prepared backward pass, and its outputs by what was differentiated against. */
interface Made {
  readonly program: Program;
  readonly names: ReadonlyMap<string, string>;
}

const CACHED = 4;
const SEED = 'convlens_seed';

/**
 * Where a target is in the graph, as a value and a cotangent: one at the class or place, or 1 / (height * width)
 * over a channel, so that the product is the derivative of its mean.
 *
 * @param network the network
 * @param target class or unit
 * @param scale factor of the cotangent
 * @throws LensError `E_ARGUMENT` for a class or unit that does not exist, `E_LAYER_UNKNOWN`
 */
export function seedOf(network: Network, target: Target, scale = 1): Seed {
  const place = placeOf(network, target);
  const data = new Float32Array(elementCount(place.shape));
  addWeights({ ...target, weight: (target.weight ?? 1) * scale }, place, data);
  return { value: place.value, cotangent: float32(data, [1, ...place.shape]) };
}

/**
 * Backward passes of one network. A program is made for each combination of seeded value, rule and what is
 * differentiated against; the cotangent is an input of it, so one program serves all classes and units of a layer.
 */
export class Gradients {
  readonly #network: Network;
  readonly #executor: Executor;
  readonly #pool: PoolLowering;
  readonly #programs = new LeaseCache<Made>(CACHED, ({ program }) => program.dispose());

  /**
   * @param network the network
   * @param executor what runs it
   * @param pool how max-pooling is differentiated: `portable` where the runtime gives no indices (WebGPU)
   */
  constructor(network: Network, executor: Executor, pool: PoolLowering = 'indices') {
    this.#network = network;
    this.#executor = executor;
    this.#pool = pool;
  }

  /**
   * Carries a cotangent back, for one image or several: in one run, or one after the other where the network takes one image
   * only. With respect to values that belong to an image, the products are those of single images, but for rounding.
   *
   * @param input float32 `[N, C, H, W]`, preprocessed
   * @param seed value and cotangent; one cotangent serves all images
   * @param options rule at every ReLU (ordinary backpropagation by default), values to differentiate against (the
   *   input by default), and further forward values wanted
   * @throws LensError `E_OP_UNSUPPORTED` for an operator that has no derivative here; `E_RUN`
   */
  async backward(
    input: TensorData<'float32'>,
    seed: Seed,
    options: {
      readonly rule?: ReluRule;
      readonly wrt?: readonly string[];
      readonly values?: readonly string[];
    } = {},
  ): Promise<Backward> {
    const { rule = 'backprop', wrt = [this.#network.input.name], values = [] } = options;
    const images = input.shape[0]!;
    const cotangent = forEach(seed.cotangent, images);
    if (images > 1 && !takesBatches(this.#network)) {
      const seeds = imagesOf(cotangent);
      const passes: Backward[] = [];
      for (const [i, image] of imagesOf(input).entries()) {
        const own = { value: seed.value, cotangent: seeds[i]! };
        passes.push(await this.backward(image, own, options));
      }
      return together(passes);
    }
    const key = JSON.stringify([seed.value, rule, wrt, values, images]);
    const make = (): Promise<Made> => this.#make(seed.value, rule, wrt, values, images);
    const feeds = { [this.#network.input.name]: input, [SEED]: cotangent };
    const { outputs, names } = await this.#programs.use(key, make, async (made) => ({
      outputs: await made.program.run(feeds),
      names: made.names,
    }));
    const take = (name: string): TensorData<'float32'> => outputs[name] as TensorData<'float32'>;
    return {
      value: take(seed.value),
      gradients: new Map(wrt.map((name) => [name, take(names.get(name)!)])),
      values: new Map(values.map((name) => [name, take(name)])),
    };
  }

  async #make(
    value: string,
    rule: ReluRule,
    wrt: readonly string[],
    values: readonly string[],
    batch: number,
  ): Promise<Made> {
    const { graph, gradients } = vjp(this.#network.graph, {
      cotangents: { [value]: { input: SEED } },
      wrt,
      rule,
      batch,
      pool: this.#pool,
      outputs: [...new Set([value, ...values])],
    });
    const program = await this.#executor.prepare(graph);
    return { program, names: new Map(Object.entries(gradients)) };
  }

  /** Frees all programs. */
  dispose(): Promise<void> {
    return this.#programs.dispose();
  }
}

/** A cotangent for each image, of one for all. */
function forEach(cotangent: TensorData<'float32'>, images: number): TensorData<'float32'> {
  const count = cotangent.shape[0] ?? 1;
  if (count === images) return cotangent;
  if (count === 1) return batchOf(new Array<TensorData<'float32'>>(images).fill(cotangent));
  throw new LensError('E_SHAPE', `${images} images need one cotangent or ${images}, got ${count}.`);
}

function together(passes: readonly Backward[]): Backward {
  const joined = (kind: 'gradients' | 'values'): Map<string, TensorData<'float32'>> =>
    new Map(
      [...passes[0]![kind].keys()].map((name) => [
        name,
        batchOf(passes.map((pass) => pass[kind].get(name)!)),
      ]),
    );
  return {
    value: batchOf(passes.map(({ value }) => value)),
    gradients: joined('gradients'),
    values: joined('values'),
  };
}

/** What is wrong with a gradient, in words; undefined when nothing is. */
export function gradientProblem(gradient: TensorData<'float32'>): string | undefined {
  let largest = 0;
  for (const value of gradient.data) {
    if (!Number.isFinite(value)) {
      return 'The gradient is not finite: the network overflows for this input.';
    }
    largest = Math.max(largest, Math.abs(value));
  }
  return largest === 0
    ? 'The gradient is zero everywhere: the unit does not answer to this image, so no pixel changes it.'
    : undefined;
}
