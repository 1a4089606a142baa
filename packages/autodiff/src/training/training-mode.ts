import {
  elementCount,
  inferShapes,
  LensError,
  valueNames,
  type Attribute,
  type Graph,
  type Node,
  type TensorData,
  type ValueInfo,
} from '@convlens/onnx';
import { int } from '../attribute.js';
import { toFloats } from '../emitter.js';
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
    if (node.domain !== '') writer.keep(node);
    else if (node.op === 'BatchNormalization' && batchStatistics) writer.normalise(node);
    else if (node.op === 'Dropout' && dropout) writer.drop(node);
    else writer.keep(node);
  }
  return writer.finish();
}

class TrainingWriter {
  readonly #graph: Graph;
  readonly #options: TrainingOptions;
  readonly #names: Set<string>;
  readonly #nodes: Node[] = [];
  readonly #initializers: Map<string, TensorData>;
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #running: Record<string, string> = {};
  readonly #masks: DropoutMask[] = [];

  constructor(graph: Graph, options: TrainingOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#names = valueNames(graph);
    for (const { name } of graph.nodes) this.#names.add(name);
    this.#initializers = new Map(graph.initializers);
  }

  keep(node: Node): void {
    this.#nodes.push(node);
  }

  normalise(node: Node): void {
    const { momentum, variance = 'unbiased' } = this.#options;
    const [x, , , mean, spread] = node.inputs as [string, string, string, string, string];
    const factor = variance === 'unbiased' ? this.#correction(node, x) : 1;
    const attributes: Record<string, Attribute> = { ...node.attributes, training_mode: int(1) };
    if (momentum !== undefined) attributes.momentum = { type: 'float', value: momentum };
    const named = (index: number, of: string): string => {
      const given = node.outputs[index];
      return given === undefined || given === '' ? this.#fresh(`${of}_next`) : given;
    };
    const [nextMean, population] = [named(1, mean), named(2, spread)];
    this.keep({ ...node, outputs: [node.outputs[0]!, nextMean, population], attributes });
    const share = attributes.momentum?.type === 'float' ? attributes.momentum.value : 0.9;
    const nextSpread =
      factor === 1 ? population : this.#corrected(node, population, spread, factor, share);
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
      this.#running[from] = to;
      const { dtype, shape } = this.#info(from);
      if (this.#graph.outputs.some(({ name }) => name === to)) continue;
      this.#outputs.push({ name: to, dtype, shape });
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
  #corrected(node: Node, average: string, old: string, factor: number, momentum: number): string {
    const emit = (op: string, inputs: readonly string[], label: string): string => {
      const name = this.#fresh(`${node.name}/${label}`);
      this.keep({ name, op, domain: '', inputs, outputs: [name], attributes: {} });
      return name;
    };
    const times = (value: string, by: number, label: string): string =>
      emit('Mul', [value, this.#number(by, old, `${node.name}/${label}_factor`)], label);
    const more = times(average, factor, 'unbiased');
    const less = times(old, momentum * (factor - 1), 'excess');
    return emit('Sub', [more, less], 'running_variance');
  }

  drop(node: Node): void {
    const [x = '', share = ''] = node.inputs;
    const ratio = share ? this.#initializers.get(share)?.data[0] : 0.5;
    if (ratio === undefined) {
      throw new LensError(
        'E_OP_UNSUPPORTED',
        `Dropout "${node.name}": the share that it drops is computed; it must be constant.`,
      );
    }
    const part = Number(ratio);
    if (part === 0 && !node.outputs[1]) {
      this.keep({ ...node, op: 'Identity', inputs: [x], attributes: {} });
      return;
    }
    const shape = this.#numbers(node, x);
    const { dtype } = this.#info(x);
    const mask = this.#fresh(`${node.outputs[0]!}_mask`);
    this.#inputs.push({ name: mask, dtype, shape });
    this.#masks.push({ input: mask, shape, ratio: part });
    const [scaled, factor] = [
      this.#fresh(`${node.name}/scaled`),
      this.#number(1 / (1 - part), x, `${node.name}/factor`),
    ];
    const make = (op: string, inputs: readonly string[], output: string, more = {}): void => {
      const name = op === 'Mul' && output === node.outputs[0] ? node.name : this.#fresh(output);
      this.keep({ name, op, domain: '', inputs, outputs: [output], attributes: more });
    };
    make('Mul', [x, mask], scaled);
    make('Mul', [scaled, factor], node.outputs[0]!);
    if (node.outputs[1]) make('Cast', [mask], node.outputs[1], { to: int(9) });
  }

  #info(name: string): Pick<ValueInfo, 'dtype' | 'shape'> {
    const { initializers, values, inputs } = this.#graph;
    return (
      initializers.get(name) ??
      values.get(name) ??
      inputs.find((info) => info.name === name) ?? { dtype: 'float32', shape: undefined }
    );
  }

  #numbers(node: Node, name: string): readonly number[] {
    const { shape } = this.#info(name);
    if (shape?.every((extent) => typeof extent === 'number')) return shape;
    throw new LensError(
      'E_SHAPE',
      `${node.op} "${node.name}" can only learn where the shape of "${name}" is known before it runs.`,
    );
  }

  #number(value: number, like: string, label: string): string {
    const name = this.#fresh(label);
    this.#initializers.set(name, toFloats([value], [], this.#info(like).dtype));
    return name;
  }

  #fresh(wanted: string): string {
    let name = wanted;
    for (let count = 1; this.#names.has(name); count++) name = `${wanted}_${count}`;
    this.#names.add(name);
    return name;
  }

  finish(): TrainingGraph {
    const graph = this.#graph;
    const made: Graph = {
      ...graph,
      nodes: this.#nodes,
      initializers: this.#initializers,
      inputs: [...graph.inputs, ...this.#inputs],
      outputs: [...graph.outputs, ...this.#outputs],
    };
    const constant = Object.keys(this.#running).filter((name) => this.#initializers.has(name));
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
