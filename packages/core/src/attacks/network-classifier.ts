import type { PoolLowering } from '@convlens/autodiff';
import type { Network } from '@convlens/adapters';
import { cut, elementCount, float32, LensError, type TensorData } from '@convlens/onnx';
import type { Executor, Program } from '@convlens/runtime';
import type { Classifier, ClassifierObjective, ClassifierGradient } from './classifier.js';
import { inputOf, planeOf } from './feed.js';
import { GRADIENT_INPUTS, gradientGraph, type GradientGraph } from './gradient-graph.js';

/** Programs kept: as many as one attack needs for its batch sizes. */
const PROGRAMS_CACHED = 8;
/** Images, and pixels of a plane, in one run at most: memory grows with them. */
const WIDEST = { images: 32, pixels: 2 ** 17 };

interface Made extends GradientGraph {
  readonly program: Program;
}

/**
 * A network as what attacks see of it. Batches run as one where the network's batch is open. The preprocessing
 * x[c] = (range p[c] - mean[c]) / std[c] goes before it and its derivative behind the gradient.
 */
export class NetworkClassifier implements Classifier {
  readonly shape: readonly [number, number, number];
  readonly classes: number;
  readonly widest: number;
  readonly #network: Network;
  readonly #executor: Executor;
  readonly #pool: PoolLowering;
  readonly #logits: string;
  #forward: Promise<Program> | undefined;
  readonly #programs = new Map<string, Promise<Made>>();

  /**
   * @param network the network
   * @param executor what runs it
   * @param pool how max-pooling is differentiated: `portable` where the runtime gives no indices (WebGPU)
   * @throws LensError `E_ARGUMENT` when it has no class scores, or fewer than two classes
   */
  constructor(network: Network, executor: Executor, pool: PoolLowering = 'indices') {
    const { logits, input } = network;
    if (!logits || logits.classes < 2) {
      throw new LensError(
        'E_ARGUMENT',
        `Expected a network with at least two classes to fool, but ${network.title} has ` +
          `${logits ? 'one' : 'none'}. Choose a classifier.`,
      );
    }
    this.#network = network;
    this.#executor = executor;
    this.#pool = pool;
    this.#logits = logits.value;
    this.shape = input.shape;
    this.classes = logits.classes;
    const known = network.graph.inputs.find(({ name }) => name === input.name)?.shape?.[0];
    const roomy = Math.floor(WIDEST.pixels / (input.shape[1] * input.shape[2]));
    this.widest = typeof known === 'number' ? 1 : Math.max(1, Math.min(WIDEST.images, roomy));
  }

  /** As `Classifier.logits`. */
  async logits(images: readonly Float32Array[]): Promise<readonly Float32Array[]> {
    this.#forward ??= this.#executor.prepare(cut(this.#network.graph, [this.#logits]));
    const program = await this.#forward;
    const found: Float32Array[] = [];
    for (let first = 0; first < images.length; first += this.widest) {
      const part = images.slice(first, first + this.widest);
      const outputs = await program.run({
        [this.#network.input.name]: inputOf(this.#network, part),
      });
      found.push(...rows(outputs[this.#logits]!, part.length));
    }
    return found;
  }

  /** As `Classifier.gradients`. */
  async gradients(
    images: readonly Float32Array[],
    what: ClassifierObjective,
  ): Promise<readonly ClassifierGradient[]> {
    const found: ClassifierGradient[] = [];
    while (found.length < images.length) {
      const first = found.length;
      // Powers of two, so that few programs serve batches of any size.
      const left = Math.min(images.length - first, this.widest);
      const batch = 2 ** Math.floor(Math.log2(left));
      const { program, logits, gradient } = await this.#program(what, batch);
      const outputs = await program.run({
        [this.#network.input.name]: inputOf(this.#network, images.slice(first, first + batch)),
        ...this.#seeds(what, first, batch),
      });
      const gradients = rows(outputs[gradient]!, batch);
      rows(outputs[logits]!, batch).forEach((own, i) => {
        found.push({ logits: own, gradient: this.#toPixels(gradients[i]!) });
      });
    }
    return found;
  }

  /** The chain rule through the preprocessing. */
  #toPixels(gradient: Float32Array): Float32Array {
    const [channels, height, width] = this.shape;
    const { range, std } = this.#network.preprocessing;
    const plane = height * width;
    const out = new Float32Array(gradient.length);
    for (let c = 0; c < channels; c++) {
      const [from, to] = [c * plane, planeOf(this.#network, c) * plane];
      const factor = range / (std[c] ?? 1);
      for (let i = 0; i < plane; i++) out[to + i] = gradient[from + i]! * factor;
    }
    return out;
  }

  #seeds(
    what: ClassifierObjective,
    first: number,
    batch: number,
  ): Record<string, TensorData<'float32'>> {
    const { classes } = this;
    const known = this.#network.graph.values.get(this.#logits)?.shape?.slice(1) ?? [classes];
    const data = new Float32Array(batch * classes);
    if (what.kind === 'weights') {
      for (let i = 0; i < batch; i++) data.set(what.weights[first + i]!, i * classes);
      return { [GRADIENT_INPUTS.weights]: float32(data, [batch, ...known.map(Number)]) };
    }
    const mark = (list: readonly number[]): TensorData<'float32'> => {
      const marks = new Float32Array(batch * classes);
      for (let i = 0; i < batch; i++) marks[i * classes + list[first + i]!] = 1;
      return float32(marks, [batch, classes]);
    };
    const towards = what.kind === 'dlr' ? what.targets : undefined;
    return {
      [GRADIENT_INPUTS.label]: mark(what.labels),
      ...(towards && { [GRADIENT_INPUTS.target]: mark(towards) }),
    };
  }

  async #program(what: ClassifierObjective, batch: number): Promise<Made> {
    const towards = what.kind === 'dlr' && what.targets !== undefined;
    const key = `${what.kind} ${towards} ${batch}`;
    let made = this.#programs.get(key);
    if (!made) {
      made = this.#make(what.kind, towards, batch);
      made.catch(() => this.#programs.delete(key));
    }
    // Taken out and put back, so that the oldest comes first.
    this.#programs.delete(key);
    this.#programs.set(key, made);
    if (this.#programs.size > PROGRAMS_CACHED) {
      const [oldest, idle] = [...this.#programs][0]!;
      this.#programs.delete(oldest);
      await (await idle).program.dispose();
    }
    return made;
  }

  async #make(kind: ClassifierObjective['kind'], towards: boolean, batch: number): Promise<Made> {
    const made = gradientGraph(this.#network, kind, towards, batch, this.#pool);
    return { ...made, program: await this.#executor.prepare(made.graph) };
  }

  /** Frees all programs. */
  async dispose(): Promise<void> {
    const [forward, ...gradients] = [this.#forward, ...this.#programs.values()];
    this.#forward = undefined;
    this.#programs.clear();
    await (await forward)?.dispose();
    for (const made of gradients) await (await made).program.dispose();
  }
}

/** The parts of a batch, one an image. */
function rows(tensor: TensorData, batch: number): Float32Array[] {
  const data = tensor.data as Float32Array;
  const length = elementCount(tensor.shape) / batch;
  return Array.from({ length: batch }, (_, i) => data.slice(i * length, (i + 1) * length));
}
