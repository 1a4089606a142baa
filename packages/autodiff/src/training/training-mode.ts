import {
  elementCount,
  floatAttribute,
  GraphBuilder,
  inferShapes,
  LensError,
  type Graph,
  type Node,
  type TensorData,
} from '@convlens/onnx';
import { upgrade } from '../upgrade.js';
import { weightsAsInputs } from './weights-as-inputs.js';

/** How a network behaves while it learns. */
export interface TrainingOptions {
  /** Images in a batch, where the graph leaves it open. */
  readonly batch?: number;
  /** Whether batch normalisation takes the statistics of the batch. Default true. */
  readonly batchStatistics?: boolean;
  /**
   * Share of the old in running averages. Default: what the nodes say, as a rule .9 (PyTorch counts the share of the
   * new, .1).
   */
  readonly momentum?: number;
  /**
   * Whether the running variance estimates that of all images (divided by n - 1, as PyTorch and Keras have it) or is the
   * batch's own (n, as ONNX has it). Default `'unbiased'`.
   */
  readonly variance?: 'unbiased' | 'population';
  /** Whether values are dropped. Default true. */
  readonly dropout?: boolean;
}

/** A mask that a graph in training mode is fed. */
export interface DropoutMask {
  /** Name of the input: float32, 1 where the value is kept, 0 where it is dropped. */
  readonly input: string;
  readonly shape: readonly number[];
  /** Share that is dropped; see `dropoutMask`. */
  readonly ratio: number;
}

/** A network as it learns. */
export interface TrainingGraph {
  readonly graph: Graph;
  /** Running averages: by the name of the input, the output that has the new one. */
  readonly running: Readonly<Record<string, string>>;
  /** What the running averages are in the network. */
  readonly averages: ReadonlyMap<string, TensorData>;
  readonly masks: readonly DropoutMask[];
}

/**
 * Puts a network into training mode: batch normalisation takes the statistics of the batch and its running averages become
 * inputs and outputs; a dropout multiplies with a mask that is an input, so that it is the same on every runtime and
 * can be made again, and with 1 / (1 - ratio). Everything else stays, names too.
 *
 * @param graph a network whose batch normalisation has not been folded, as it was exported for training or not
 * @param options how it behaves
 * @returns a graph of version 17 of the operator set, or the newer one that it has, with shapes
 * @throws LensError `E_SHAPE` when extents are open; `E_OP_UNSUPPORTED` for a dropout whose share is computed
 */
export function trainingMode(graph: Graph, options: TrainingOptions = {}): TrainingGraph {
  const { batch = 1, batchStatistics = true, dropout = true } = options;
  const typed = upgrade(inferShapes(graph, { batch }));
  const writer = new TrainingWriter(typed, options);
  for (const node of typed.nodes) {
    if (node.domain !== '') writer.b.keep(node);
    else if (node.op === 'BatchNormalization' && batchStatistics) writer.normalise(node);
    else if (node.op === 'Dropout' && dropout) writer.drop(node);
    else writer.b.keep(node);
  }
  return writer.finish();
}

class TrainingWriter {
  readonly b: GraphBuilder;
  readonly #options: TrainingOptions;
  readonly #running: Record<string, string> = {};
  readonly #masks: DropoutMask[] = [];

  constructor(graph: Graph, options: TrainingOptions) {
    this.b = new GraphBuilder(graph, { mode: 'rewrite' });
    this.#options = options;
  }

  normalise(node: Node): void {
    const { b } = this;
    const { variance = 'unbiased', momentum = floatAttribute(node, 'momentum', 0.9) } =
      this.#options;
    const [x, , , mean, spread] = node.inputs as [string, string, string, string, string];
    const factor = variance === 'unbiased' ? this.#correction(node, x) : 1;
    const named = (index: number, of: string): string => {
      const given = node.outputs[index];
      return given === undefined || given === '' ? b.free(`${of}_next`) : given;
    };
    const [nextMean, population] = [named(1, mean), named(2, spread)];
    b.keep({
      ...node,
      outputs: [node.outputs[0]!, nextMean, population],
      attributes: {
        ...node.attributes,
        training_mode: { type: 'int', value: 1 },
        ...(this.#options.momentum !== undefined && {
          momentum: { type: 'float', value: momentum },
        }),
      },
    });
    b.scope = node.name;
    const nextSpread =
      factor === 1 ? population : this.#corrected(population, spread, factor, momentum);
    for (const [from, to] of [
      [mean, nextMean],
      [spread, nextSpread],
    ] as const) {
      if (this.#running[from] !== undefined) {
        throw new LensError(
          'E_OP_UNSUPPORTED',
          `BatchNormalization "${node.name}" shares the running average "${from}" with another node; give each its own.`,
        );
      }
      this.#running[from] = b.output(to);
    }
  }

  /** n / (n - 1) for n numbers a channel. */
  #correction(node: Node, x: string): number {
    const count = this.#numbers(node, x).reduce(
      (n, extent, axis) => (axis === 1 ? n : n * extent),
      1,
    );
    return count > 1 ? count / (count - 1) : 1;
  }

  /** With r = m old + (1 - m) v: m old + (1 - m) f v = f r - m (f - 1) old. */
  #corrected(average: string, old: string, factor: number, momentum: number): string {
    const { b } = this;
    const more = b.emit('Mul', [average, b.number(factor, old)]);
    const less = b.emit('Mul', [old, b.number(momentum * (factor - 1), old)]);
    return b.emit('Sub', [more, less]);
  }

  drop(node: Node): void {
    const { b } = this;
    const [x = '', share = ''] = node.inputs;
    const ratio = share ? b.elements(share)?.data[0] : 0.5;
    if (ratio === undefined) {
      throw new LensError(
        'E_OP_UNSUPPORTED',
        `Dropout "${node.name}": the share that it drops is computed; it must be constant.`,
      );
    }
    const part = Number(ratio);
    const [y, flags] = node.outputs as [string, string?];
    if (part === 0 && !flags) {
      b.keep({ ...node, op: 'Identity', inputs: [x], attributes: {} });
      return;
    }
    const shape = this.#numbers(node, x);
    const mask = b.input(b.free(`${y}_mask`), shape, b.dtype(x));
    this.#masks.push({ input: mask, shape, ratio: part });
    b.scope = node.name;
    const scaled = b.emit('Mul', [x, mask]);
    b.emit('Mul', [scaled, b.number(1 / (1 - part), x)], {}, y);
    if (flags) b.cast(mask, 'bool', flags);
  }

  #numbers(node: Node, name: string): readonly number[] {
    const shape = this.b.info(name)?.shape;
    if (shape?.every((extent) => typeof extent === 'number')) return shape;
    throw new LensError(
      'E_SHAPE',
      `${node.op} "${node.name}" can only learn where the shape of "${name}" is known before it runs.`,
    );
  }

  finish(): TrainingGraph {
    const made = this.b.finish();
    const constant = Object.keys(this.#running).filter((name) => made.initializers.has(name));
    const { graph: open, weights } = weightsAsInputs(made, constant);
    return {
      graph: inferShapes(open),
      running: this.#running,
      averages: weights,
      masks: this.#masks,
    };
  }
}

/**
 * A mask for a dropout: 1 where a value is kept, 0 where it is dropped. Each element is made of the seed, the step and its
 * place alone, so that a step can be made again, and any part of it.
 *
 * @param mask which
 * @param seed of the run
 * @param step number of the step; masks of one step differ by their names
 */
export function dropoutMask(
  { input, shape, ratio }: DropoutMask,
  seed: number,
  step: number,
): TensorData<'float32'> {
  let start = mix(mix(seed >>> 0) ^ (step >>> 0));
  for (const character of input) start = mix(start ^ character.codePointAt(0)!);
  const data = new Float32Array(elementCount(shape));
  const limit = ratio * 2 ** 32;
  for (let i = 0; i < data.length; i++) data[i] = mix(start ^ i) >= limit ? 1 : 0;
  return { dtype: 'float32', shape, data };
}

/**
 * Mixes the bits of an integer: the last steps of MurmurHash3, after a constant so that 0 is none of its own.
 *
 * @see https://github.com/aappleby/smhasher
 */
function mix(value: number): number {
  let h = (value + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
