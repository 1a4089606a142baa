import { dropoutMask } from '@convlens/autodiff';
import { float32, LensError, type Graph, type TensorData } from '@convlens/onnx';
import { prepare, type Executor, type StatefulProgram } from '@convlens/runtime';
import { OPTIMIZERS } from './optimizers.js';
import { trainingStep, type StepOptions, type TrainingStep } from './step.js';

/** What a step found before it changed the weights. */
export interface StepReport {
  /** 1 for the first. */
  readonly step: number;
  readonly loss: number;
  /** float32 `[batch, classes]`, before any softmax. */
  readonly scores: TensorData<'float32'>;
}

/** Everything that training goes on from. */
export interface Checkpoint {
  /** Steps done. */
  readonly step: number;
  /** Weights, running averages and what the optimiser remembers, by name. */
  readonly values: Readonly<Record<string, TensorData>>;
}

/** A network that learns, step by step. Its weights stay where the runtime computes until they are asked for. */
export class Trainer {
  readonly #network: Graph;
  readonly #step: TrainingStep;
  readonly #program: StatefulProgram;
  readonly #seed: number;
  #done = 0;

  private constructor(network: Graph, step: TrainingStep, program: StatefulProgram, seed: number) {
    this.#network = network;
    this.#step = step;
    this.#program = program;
    this.#seed = seed;
  }

  /**
   * Makes a network ready to learn.
   *
   * @param executor the runtime
   * @param network as it was exported: batch normalisation not folded
   * @param options how it learns, and the seed of its dropout
   * @throws LensError as `trainingStep` and the runtime do
   */
  static async start(
    executor: Executor,
    network: Graph,
    { seed = 0, ...options }: StepOptions & { readonly seed?: number },
  ): Promise<Trainer> {
    const step = trainingStep(network, options);
    const program = await prepare(executor, step.graph, { carry: step.carry });
    try {
      await program.write(step.initial);
    } catch (error) {
      await program.dispose();
      throw error;
    }
    return new Trainer(network, step, program, seed);
  }

  /** Steps done. */
  get done(): number {
    return this.#done;
  }

  /** The step as it is computed. */
  get graph(): TrainingStep {
    return this.#step;
  }

  /**
   * Learns from a batch.
   *
   * @param images float32 `[batch, C, H, W]`, as the network is fed them
   * @param targets float32 `[batch, classes]`: the share of each class, 1 for the right one
   * @param rate learning rate of this step; the optimiser's by default
   * @throws LensError `E_SHAPE` for batches of another size; as the runtime does. What was learnt before stays
   */
  async step(
    images: TensorData,
    targets: TensorData,
    rate = this.#step.optimizer.lr,
  ): Promise<StepReport> {
    const { optimizer, scalars, masks, loss, scores } = this.#step;
    this.#check(this.#step.images, images);
    this.#check(this.#step.targets, targets);
    const step = this.#done + 1;
    const numbers = OPTIMIZERS[optimizer.kind].scalars(optimizer, step, rate);
    const feeds: Record<string, TensorData> = {
      [this.#step.images]: images,
      [this.#step.targets]: targets,
    };
    for (const [name, input] of Object.entries(scalars)) {
      feeds[input] = float32(Float32Array.of(numbers[name]!), [1]);
    }
    for (const mask of masks) feeds[mask.input] = dropoutMask(mask, this.#seed, step);
    const results = await this.#program.run(feeds, [loss, scores]);
    this.#done = step;
    return {
      step,
      loss: Number(results[loss]!.data[0]),
      scores: results[scores] as TensorData<'float32'>,
    };
  }

  #check(input: string, { shape }: TensorData): void {
    const expected = this.#step.graph.inputs.find(({ name }) => name === input)!.shape!;
    const fits =
      shape.length === expected.length && expected.every((extent, axis) => extent === shape[axis]);
    if (fits) return;
    throw new LensError(
      'E_SHAPE',
      `A step takes "${input}" of [${expected.join(', ')}], got [${shape.join(', ')}].`,
    );
  }

  /** Weights and running averages as they are, by name. */
  weights(): Promise<Record<string, TensorData>> {
    return this.#program.read([...this.#step.weights, ...this.#step.averages]);
  }

  /** Everything that training goes on from. */
  async checkpoint(): Promise<Checkpoint> {
    return { step: this.#done, values: await this.#program.read() };
  }

  /**
   * Goes back, or on, to a checkpoint.
   *
   * @param checkpoint of the same network and optimiser
   * @throws LensError `E_VALUE_UNKNOWN`, `E_SHAPE` for one of another; what was learnt stays then
   */
  async restore({ step, values }: Checkpoint): Promise<void> {
    await this.#program.write(values);
    this.#done = step;
  }

  /** The network with what it has learnt. */
  async network(): Promise<Graph> {
    const initializers = new Map(this.#network.initializers);
    for (const [name, tensor] of Object.entries(await this.weights())) {
      initializers.set(name, tensor);
    }
    return { ...this.#network, initializers };
  }

  /** Frees what the runtime holds. */
  dispose(): Promise<void> {
    return this.#program.dispose();
  }
}

/**
 * Targets of classes: 1 at the right one.
 *
 * @param labels a class for each image
 * @param classes how many there are
 * @returns float32 `[labels, classes]`
 * @throws LensError `E_ARGUMENT` for a class that is none of them
 */
export function oneHot(labels: ArrayLike<number>, classes: number): TensorData<'float32'> {
  const data = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new LensError(
        'E_ARGUMENT',
        `Expected classes from 0 to ${classes - 1}, got ${label} for image ${i}.`,
      );
    }
    data[i * classes + label] = 1;
  }
  return float32(data, [labels.length, classes]);
}
