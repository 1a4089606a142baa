import {
  float32,
  type Attribute,
  type Node,
  type TensorData,
  type ValueInfo,
} from '@convlens/onnx';

/** Attributes as plain values: numbers are integers, lists are lists of integers. */
type Attributes = Readonly<Record<string, number | readonly number[]>>;

/** Collects nodes, constants and inputs that are put to a graph. Their names begin with a prefix, so that they are new there. */
export class GraphWriter {
  readonly nodes: Node[] = [];
  readonly initializers = new Map<string, TensorData>();
  readonly inputs: ValueInfo[] = [];
  readonly #prefix: string;
  #count = 0;

  /** @param prefix begins all names */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /**
   * Emits a node with one output.
   *
   * @param op operator of the standard domain
   * @param inputs names of values
   * @param attributes its attributes
   * @param name of the output; a new one by default
   * @returns name of the output
   */
  emit(
    op: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    name = this.#fresh(),
  ): string {
    const typed = Object.entries(attributes).map(([key, value]): [string, Attribute] => [
      key,
      typeof value === 'number' ? { type: 'int', value } : { type: 'ints', value },
    ]);
    const attached = Object.fromEntries(typed);
    this.nodes.push({ name, op, domain: '', inputs, outputs: [name], attributes: attached });
    return name;
  }

  /** The sum over axes. */
  sum(name: string, axes: readonly number[], keep: 0 | 1 = 0): string {
    return this.emit('ReduceSum', [name, this.integers(axes)], { keepdims: keep });
  }

  /** The same numbers in another shape. */
  reshape(name: string, shape: readonly number[]): string {
    return this.emit('Reshape', [name, this.integers(shape)]);
  }

  /** A constant list of integers. */
  integers(list: readonly number[]): string {
    return this.store({
      dtype: 'int64',
      shape: [list.length],
      data: BigInt64Array.from(list, BigInt),
    });
  }

  /** A constant number, of rank 0. */
  number(value: number): string {
    return this.store(float32(Float32Array.of(value), []));
  }

  /** A constant of float32. */
  constant(values: ArrayLike<number>, shape: readonly number[]): string {
    return this.store(float32(Float32Array.from(values), shape));
  }

  /** A constant of any type. */
  store(tensor: TensorData): string {
    const name = this.#fresh();
    this.initializers.set(name, tensor);
    return name;
  }

  /** An input of float32. */
  input(shape: readonly number[]): string {
    const name = this.#fresh();
    this.inputs.push({ name, dtype: 'float32', shape });
    return name;
  }

  #fresh(): string {
    return `${this.#prefix}_${this.#count++}`;
  }
}
