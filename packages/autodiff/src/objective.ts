import {
  inferShapes,
  LensError,
  toFloats,
  valueNames,
  type Graph,
  type Node,
  type TensorData,
  type ValueInfo,
} from '@convlens/onnx';
import { int, ints, type Attributes } from './attribute.js';
import { upgrade } from './upgrade.js';

/**
 * A scalar to climb, computed from values `[batch, channels, ...positions]`. That of a batch is the sum of those of
 * its images, so that the images do not influence each other's gradients.
 */
export type Objective =
  /** The score of a class, before any softmax. */
  | { readonly kind: 'logit'; readonly value: string; readonly index: number }
  /** The mean of a channel over its positions. */
  | { readonly kind: 'channel'; readonly value: string; readonly channel: number }
  /** A channel at one position. */
  | {
      readonly kind: 'neuron';
      readonly value: string;
      readonly channel: number;
      readonly row: number;
      readonly column: number;
    }
  /** One element of a vector. */
  | { readonly kind: 'neuron'; readonly value: string; readonly index: number }
  /** Half the mean square over channels and positions: DeepDream's. */
  | { readonly kind: 'layer'; readonly value: string }
  /** The dot product of the channels with a vector, mean over the positions. */
  | { readonly kind: 'direction'; readonly value: string; readonly direction: readonly number[] }
  /**
   * The dot product times max(cosine, 0.1)^power, mean over the positions. Default power 2. With a the channels at a
   * position and v the vector, cosine = a v / ((|a| + 1e-4) (|v| + 1e-4)).
   */
  | {
      readonly kind: 'cosine';
      readonly value: string;
      readonly direction: readonly number[];
      readonly power?: number;
    }
  /** A weighted sum. */
  | { readonly kind: 'sum'; readonly terms: readonly WeightedObjective[] };

/** A part of a sum of objectives. */
export interface WeightedObjective {
  /** Default 1. */
  readonly weight?: number;
  readonly objective: Objective;
}

/** Added to lengths in the cosine, and its least value; both as in Lucid. */
const least = { length: 1e-4, cosine: 0.1 };

/**
 * Appends an objective to a graph.
 *
 * @param graph any graph; it comes out in version 17 of the operator set, or the newer one it has
 * @param spec what to compute
 * @returns the graph with a scalar (`[]`) as a further output, and its name
 * @throws LensError `E_VALUE_UNKNOWN`, `E_SHAPE` when a value does not have the axes the objective needs,
 * `E_ARGUMENT` for an index that is out of range or a vector of another length
 * @see Olah, Mordvintsev and Schubert, Feature Visualization, Distill 2017
 * @see Mordvintsev, Olah and Tyka, Inceptionism (DeepDream), 2015
 */
export function objective(graph: Graph, spec: Objective): { graph: Graph; value: string } {
  const typed = upgrade(inferShapes(graph));
  const writer = new ObjectiveWriter(typed);
  const value = writer.write(spec);
  return { graph: writer.finish(value), value };
}

/** A value with its shape known as far as objectives need it. */
interface Known {
  readonly name: string;
  readonly info: ValueInfo;
  readonly rank: number;
}

class ObjectiveWriter {
  private readonly graph: Graph;
  private readonly nodes: Node[] = [];
  private readonly initializers: Map<string, TensorData>;
  private readonly names: Set<string>;

  constructor(graph: Graph) {
    this.graph = graph;
    this.initializers = new Map(graph.initializers);
    this.names = valueNames(graph);
    for (const { name } of graph.nodes) this.names.add(name);
  }

  write(spec: Objective): string {
    switch (spec.kind) {
      case 'logit':
        return this.mean(this.at(this.known(spec.value, 2), [spec.index]), 2);
      case 'channel':
        return this.mean(this.at(this.known(spec.value, 3), [spec.channel]), 2);
      case 'neuron': {
        const index = 'index' in spec ? [spec.index] : [spec.channel, spec.row, spec.column];
        const value = this.known(spec.value, index.length + 1);
        if (value.rank === index.length + 1) return this.mean(this.at(value, index), 2);
        return this.fail(
          value,
          `has ${value.rank} axes, but the neuron is given by ${index.length} numbers`,
        );
      }
      case 'layer': {
        const value = this.known(spec.value, 2);
        const square = this.emit('Mul', [value.name, value.name]);
        return this.scaled(this.mean({ ...value, name: square }, 1), 0.5, value.name);
      }
      case 'direction': {
        const value = this.known(spec.value, 2);
        return this.mean({ ...value, name: this.dot(value, spec.direction) }, 2);
      }
      case 'cosine':
        return this.cosine(this.known(spec.value, 2), spec.direction, spec.power ?? 2);
      case 'sum': {
        const terms = spec.terms.map(({ weight = 1, objective }) =>
          this.scaled(this.write(objective), weight, ''),
        );
        if (terms.length > 0) return terms.reduce((total, term) => this.emit('Add', [total, term]));
        throw new LensError('E_ARGUMENT', 'objective: a sum needs at least one term.');
      }
    }
  }

  finish(value: string): Graph {
    const { graph, initializers } = this;
    const nodes = [...graph.nodes, ...this.nodes];
    const outputs: ValueInfo[] = [...graph.outputs, { name: value, dtype: 'float32', shape: [] }];
    return inferShapes({ ...graph, nodes, initializers, outputs });
  }

  private known(name: string, least: number): Known {
    if (!valueNames(this.graph).has(name)) {
      throw new LensError('E_VALUE_UNKNOWN', `objective: the graph has no value "${name}".`);
    }
    const info = this.graph.values.get(name);
    const rank = info?.shape?.length ?? 0;
    if (info && rank >= least) return { name, info, rank };
    throw new LensError(
      'E_SHAPE',
      `objective: "${name}" must have at least ${least} axes, but its shape is ${info?.shape ? `[${info.shape.join(', ')}]` : 'not known'}.`,
    );
  }

  private fail({ name }: Known, text: string): never {
    throw new LensError('E_ARGUMENT', `objective: the value "${name}" ${text}.`);
  }

  /** The elements at an index of the axes behind the batch, as axes of extent 1. */
  private at(value: Known, index: readonly number[]): Known {
    index.forEach((at, i) => {
      const extent = value.info.shape?.[i + 1];
      if (Number.isInteger(at) && at >= 0 && (typeof extent !== 'number' || at < extent)) return;
      this.fail(
        value,
        `has ${extent ?? 'no'} elements along axis ${i + 1}; there is no number ${at}`,
      );
    });
    const lists = [index, index.map((at) => at + 1), index.map((_, i) => i + 1)];
    const inputs = lists.map((list) => this.integers(list));
    return { ...value, name: this.emit('Slice', [value.name, ...inputs]) };
  }

  /** The mean over the axes from `first` on, summed over those before. */
  private mean({ name, rank }: Known, first: number): string {
    const axes = Array.from({ length: rank - first }, (_, i) => i + first);
    const means =
      axes.length === 0
        ? name
        : this.graph.opset >= 18
          ? this.emit('ReduceMean', [name, this.integers(axes)], { keepdims: int(1) })
          : this.emit('ReduceMean', [name], { axes: ints(axes), keepdims: int(1) });
    return this.emit('ReduceSum', [means], { keepdims: int(0) }, 'objective');
  }

  private dot(value: Known, direction: readonly number[]): string {
    const channels = value.info.shape?.[1];
    if (channels !== direction.length) {
      this.fail(
        value,
        `has ${channels} channels, but the direction has ${direction.length} numbers`,
      );
    }
    const shape = Array.from({ length: value.rank }, (_, i) => (i === 1 ? direction.length : 1));
    const vector = this.store('direction', toFloats(direction, shape, value.info.dtype));
    const products = this.emit('Mul', [value.name, vector]);
    return this.emit('ReduceSum', [products, this.integers([1])], { keepdims: int(1) });
  }

  private cosine(value: Known, direction: readonly number[], power: number): string {
    const dot = this.dot(value, direction);
    const { name } = value;
    const lengths =
      this.graph.opset >= 18
        ? this.emit('ReduceL2', [name, this.integers([1])], { keepdims: int(1) })
        : this.emit('ReduceL2', [name], { axes: ints([1]), keepdims: int(1) });
    const length = Math.hypot(...direction) + least.length;
    const longer = this.emit('Add', [lengths, this.number(least.length, name)]);
    const both = this.emit('Mul', [longer, this.number(length, name)]);
    const cosine = this.emit('Div', [dot, both]);
    // Clip, not Max: at the bound itself no gradient passes, so a dead position stays still.
    const bounded = this.emit('Clip', [cosine, this.number(least.cosine, name)]);
    const powered = this.emit('Pow', [bounded, this.number(power, name)]);
    return this.mean({ ...value, name: this.emit('Mul', [dot, powered]) }, 2);
  }

  private scaled(name: string, factor: number, like: string): string {
    return factor === 1
      ? name
      : this.emit('Mul', [name, this.number(factor, like)], {}, 'objective');
  }

  private emit(
    op: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    label = `objective/${op}`,
  ): string {
    const name = this.fresh(label);
    this.nodes.push({ name, op, domain: '', inputs, outputs: [name], attributes });
    return name;
  }

  private integers(list: readonly number[]): string {
    const data = BigInt64Array.from(list, BigInt);
    return this.store('integers', { dtype: 'int64', shape: [list.length], data });
  }

  /** A scalar of the type of a value; of the first input's when the value is none of the graph's. */
  private number(value: number, like: string): string {
    const dtype = (this.graph.values.get(like) ?? this.graph.inputs[0])?.dtype ?? 'float32';
    return this.store('number', toFloats([value], [], dtype));
  }

  private store(label: string, tensor: TensorData): string {
    const name = this.fresh(`objective/${label}`);
    this.initializers.set(name, tensor);
    return name;
  }

  private fresh(wanted: string): string {
    let name = wanted;
    for (let count = 1; this.names.has(name); count++) name = `${wanted}_${count}`;
    this.names.add(name);
    return name;
  }
}
