import {
  elementCount,
  float32,
  valueNames,
  type Attribute,
  type Graph,
  type Node,
  type TensorData,
} from '@convlens/onnx';

/** Attributes as plain values: numbers are integers, lists are lists of integers. */
type Attributes = Readonly<Record<string, number | readonly number[] | string>>;

/** Collects the nodes and constants of a rewritten graph, in order. */
export class Writer {
  readonly #graph: Graph;
  readonly #names: Set<string>;
  readonly #initializers: Map<string, TensorData>;
  readonly #stored = new Map<string, string>();
  readonly #nodes: Node[] = [];
  /** Begins the names of what is emitted. */
  scope = '';

  /** @param graph what is rewritten */
  constructor(graph: Graph) {
    this.#graph = graph;
    this.#names = valueNames(graph);
    for (const { name } of graph.nodes) this.#names.add(name);
    this.#initializers = new Map(graph.initializers);
  }

  /**
   * Takes over a node as it is.
   *
   * @param node the node
   */
  keep(node: Node): void {
    this.#nodes.push(node);
  }

  /**
   * Emits a node with one output.
   *
   * @param op operator of the standard domain
   * @param inputs names of values
   * @param attributes its attributes
   * @returns name of the output
   */
  emit(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const name = this.#fresh(`${this.scope}/${op}`);
    const typed = Object.entries(attributes).map(([key, value]): [string, Attribute] => [
      key,
      typeof value === 'number'
        ? { type: 'int', value }
        : typeof value === 'string'
          ? { type: 'string', value }
          : { type: 'ints', value },
    ]);
    this.#nodes.push({
      name,
      op,
      domain: '',
      inputs,
      outputs: [name],
      attributes: Object.fromEntries(typed),
    });
    return name;
  }

  /**
   * Lets the node that was emitted last make another value than the one it was given a name for.
   *
   * @param value name of a value of the graph that nothing makes any more
   */
  rename(value: string): void {
    const last = this.#nodes.pop()!;
    this.#nodes.push({ ...last, outputs: [value] });
  }

  /**
   * A constant.
   *
   * @param data elements, as many as the shape has
   * @param shape extents
   * @param label what it is, for its name
   */
  constant(data: Float32Array, shape: readonly number[], label: string): string {
    const name = this.#fresh(`${this.scope}/${label}`);
    this.#initializers.set(name, float32(data, shape));
    return name;
  }

  /**
   * A small constant that many nodes share.
   *
   * @param rows elements, nested or not
   * @param shape extents
   */
  shared(
    rows: readonly number[] | readonly (readonly number[])[],
    shape: readonly number[],
  ): string {
    const data = Float32Array.from(rows.flat());
    return this.#once(`${shape.join('x')}_${data.join('_')}`, {
      dtype: 'float32',
      shape,
      data,
    });
  }

  /**
   * A list of integers.
   *
   * @param list the integers
   */
  integers(list: readonly number[]): string {
    const data = BigInt64Array.from(list, BigInt);
    return this.#once(`integers_${list.join('_')}`, { dtype: 'int64', shape: [list.length], data });
  }

  /**
   * A value in another shape.
   *
   * @param value its name
   * @param shape extents; -1 where the extent follows from the others
   */
  reshape(value: string, shape: readonly number[]): string {
    return this.emit('Reshape', [value, this.integers(shape)]);
  }

  /** The rewritten graph, without constants that nothing reads any more. */
  finish(): Graph {
    const read = new Set(this.#graph.outputs.map(({ name }) => name));
    for (const { inputs } of this.#nodes) for (const name of inputs) read.add(name);
    const initializers = new Map([...this.#initializers].filter(([name]) => read.has(name)));
    return { ...this.#graph, nodes: this.#nodes, initializers };
  }

  #once(label: string, tensor: TensorData): string {
    const known = this.#stored.get(label);
    if (known !== undefined) return known;
    // Lists make names that are longer than what they name.
    const short = elementCount(tensor.shape) > 8 ? `matrix_${tensor.shape.join('x')}` : label;
    const name = this.#fresh(`optimizer/${short}`);
    this.#initializers.set(name, tensor);
    this.#stored.set(label, name);
    return name;
  }

  #fresh(wanted: string): string {
    let name = wanted;
    for (let count = 1; this.#names.has(name); count++) name = `${wanted}_${count}`;
    this.#names.add(name);
    return name;
  }
}
