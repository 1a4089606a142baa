import {
  float32ToFloat16,
  LensError,
  valueNames,
  type Attribute,
  type DType,
  type Graph,
  type Node,
  type TensorData,
  type ValueInfo,
} from '@convlens/onnx';

/** Attributes of a node by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** Constants up to this many elements are recognised by their contents, so that equal ones are stored once. */
const mostCompared = 64;

/**
 * Appends nodes to a graph. Every value has a numeric shape, known when its node is emitted. A node that would
 * compute what one computes already is not emitted a second time: the old value is returned.
 */
export class Emitter {
  readonly opset: number;
  /** Begins the names of what is emitted. */
  scope = '';
  private readonly graph: Graph;
  private readonly forward: Node[];
  private readonly emitted: Node[] = [];
  private readonly values: Map<string, ValueInfo>;
  private readonly initializers: Map<string, TensorData>;
  private readonly given: ReadonlyMap<string, TensorData>;
  private readonly names: Set<string>;
  private readonly inputs: ValueInfo[] = [];
  private readonly computed = new Map<string, readonly string[]>();
  private readonly stored = new Map<string, string>();

  /**
   * @param graph what to append to, with the shapes of all values known
   * @param given tensors whose elements are known though the graph lists them as inputs
   */
  constructor(graph: Graph, given: ReadonlyMap<string, TensorData> = new Map()) {
    this.graph = graph;
    this.opset = graph.opset;
    this.forward = [...graph.nodes];
    this.values = new Map(graph.values);
    for (const info of graph.inputs) this.values.set(info.name, info);
    this.initializers = new Map(graph.initializers);
    this.given = given;
    this.names = valueNames(graph);
    for (const node of graph.nodes) this.names.add(node.name);
    for (const { op, domain, inputs, attributes, outputs } of graph.nodes) {
      const key = domain === '' ? keyOf(op, inputs, attributes) : undefined;
      // A node whose further outputs are left out could not answer for one that needs them.
      if (key !== undefined && outputs.every(Boolean)) this.computed.set(key, outputs);
    }
  }

  /**
   * The numeric shape of a value.
   *
   * @param name the value
   * @throws LensError `E_SHAPE` when it is not known or depends on an open extent
   */
  shape(name: string): readonly number[] {
    const shape = this.initializers.get(name)?.shape ?? this.values.get(name)?.shape;
    if (shape?.every((extent) => typeof extent === 'number')) return shape;
    throw new LensError(
      'E_SHAPE',
      `Differentiation needs numbers for the shape of "${name}", but it is ${shape ? `[${shape.join(', ')}]` : 'not known'}. Fix the shapes of the inputs with the option inputs.`,
    );
  }

  /**
   * The element type of a value.
   *
   * @param name the value
   */
  dtype(name: string): DType {
    return this.initializers.get(name)?.dtype ?? this.values.get(name)?.dtype ?? 'float32';
  }

  /**
   * The elements of a value that is a constant.
   *
   * @param name the value
   */
  elements(name: string | undefined): TensorData | undefined {
    return name ? (this.initializers.get(name) ?? this.given.get(name)) : undefined;
  }

  /**
   * Emits a node with several outputs, all of the same type.
   *
   * @param op operator of the standard domain
   * @param inputs values, `''` where an optional one is left out
   * @param shapes shapes of the outputs
   * @param attributes attributes
   * @param dtype type of the outputs; that of the first input when left out
   * @returns names of the outputs
   */
  all(
    op: string,
    inputs: readonly string[],
    shapes: readonly (readonly number[])[],
    attributes: Attributes = {},
    dtype: DType = this.dtype(inputs[0] ?? ''),
  ): readonly string[] {
    const key = keyOf(op, inputs, attributes);
    const known = key === undefined ? undefined : this.computed.get(key);
    if (known && known.length >= shapes.length) return known;
    const name = this.fresh(`${this.scope}/${op}`);
    const outputs = shapes.map((shape, i) => {
      const output = i === 0 ? name : this.fresh(`${name}_${i}`);
      this.values.set(output, { name: output, dtype, shape });
      return output;
    });
    this.emitted.push({ name, op, domain: '', inputs, outputs, attributes });
    if (key !== undefined) this.computed.set(key, outputs);
    return outputs;
  }

  /**
   * Emits a node with one output.
   *
   * @param op operator of the standard domain
   * @param inputs values, `''` where an optional one is left out
   * @param shape shape of the output
   * @param attributes attributes
   * @param dtype type of the output; that of the first input when left out
   * @returns name of the output
   */
  one(
    op: string,
    inputs: readonly string[],
    shape: readonly number[],
    attributes: Attributes = {},
    dtype?: DType,
  ): string {
    return this.all(op, inputs, [shape], attributes, dtype)[0]!;
  }

  /**
   * Stores a constant.
   *
   * @param tensor its elements
   * @param label what it is, for its name
   * @param key constants of the same key are the same; small ones are compared anyway
   */
  constant(tensor: TensorData, label: string, key?: string): string {
    const { dtype, shape, data } = tensor;
    const small = data.length <= mostCompared;
    const id =
      key ??
      (small
        ? `${dtype}[${shape.join()}]${Array.from(data as ArrayLike<number>).join()}`
        : undefined);
    const known = id === undefined ? undefined : this.stored.get(id);
    if (known !== undefined) return known;
    const name = this.fresh(label);
    this.initializers.set(name, tensor);
    if (id !== undefined) this.stored.set(id, name);
    return name;
  }

  /**
   * Stores numbers as a constant of the type of a value.
   *
   * @param data the numbers
   * @param shape extents
   * @param like a float value whose type the constant takes
   * @param label what it is, for its name
   */
  numbers(data: ArrayLike<number>, shape: readonly number[], like: string, label: string): string {
    return this.constant(toFloats(data, shape, this.dtype(like)), label);
  }

  /**
   * A scalar of the type of a value.
   *
   * @param value the number
   * @param like a float value whose type the constant takes
   */
  number(value: number, like: string): string {
    return this.numbers([value], [], like, `constant_${value}`);
  }

  /**
   * A list of integers.
   *
   * @param list the integers
   */
  integers(list: readonly number[]): string {
    const data = BigInt64Array.from(list, BigInt);
    return this.constant(
      { dtype: 'int64', shape: [list.length], data },
      `integers_${list.join('_')}`,
    );
  }

  /**
   * An output of a node of the given graph that the node did not have so far.
   *
   * @param node a node of the given graph
   * @param index which output
   * @param dtype its type
   * @param shape its shape
   */
  furtherOutput(node: Node, index: number, dtype: DType, shape: readonly number[]): string {
    const at = this.forward.findIndex(({ name }) => name === node.name);
    const current = this.forward[at]!;
    const old = current.outputs[index];
    if (old) return old;
    const name = this.fresh(`${node.outputs[0]}_output_${index}`);
    const outputs = Array.from({ length: Math.max(index + 1, current.outputs.length) }, (_, i) =>
      i === index ? name : (current.outputs[i] ?? ''),
    );
    this.forward[at] = { ...current, outputs };
    this.values.set(name, { name, dtype, shape });
    return name;
  }

  /**
   * Adds an input to the graph.
   *
   * @param info its name, type and shape
   * @throws LensError `E_ARGUMENT` when the name is taken
   */
  input(info: ValueInfo): void {
    if (info.name === '' || this.names.has(info.name)) {
      throw new LensError(
        'E_ARGUMENT',
        `A new input cannot be named "${info.name}": the name is ${info.name ? 'taken' : 'empty'}.`,
      );
    }
    this.names.add(info.name);
    this.values.set(info.name, info);
    this.inputs.push(info);
  }

  /**
   * Gives a value a second name, under which it can be an output.
   *
   * @param value the value
   * @param name the wanted name; a number is put behind it when it is taken
   * @returns the name it got
   */
  named(value: string, name: string): string {
    const free = this.fresh(name);
    this.values.set(free, { name: free, dtype: this.dtype(value), shape: this.shape(value) });
    this.emitted.push({
      name: free,
      op: 'Identity',
      domain: '',
      inputs: [value],
      outputs: [free],
      attributes: {},
    });
    return free;
  }

  /**
   * The graph with what was emitted.
   *
   * @param outputs names of its outputs
   */
  finish(outputs: readonly string[]): Graph {
    return {
      ...this.graph,
      inputs: [...this.graph.inputs, ...this.inputs],
      outputs: outputs.map((name) => ({ name, dtype: this.dtype(name), shape: this.shape(name) })),
      nodes: [...this.forward, ...this.emitted],
      initializers: this.initializers,
      values: this.values,
    };
  }

  private fresh(wanted: string): string {
    let name = wanted;
    for (let count = 1; this.names.has(name); count++) name = `${wanted}_${count}`;
    this.names.add(name);
    return name;
  }
}

/** What a node computes; `undefined` for nodes that are never taken for another, because a tensor is an attribute. */
function keyOf(op: string, inputs: readonly string[], attributes: Attributes): string | undefined {
  const written: string[] = [];
  for (const [name, attribute] of Object.entries(attributes)) {
    if (attribute.type === 'tensor') return undefined;
    written.push(`${name}=${[attribute.value].flat().join(' ')}`);
  }
  return `${op}(${inputs.join('\n')}){${written.sort().join()}}`;
}

/**
 * Numbers as a tensor of a float type.
 *
 * @param data the numbers
 * @param shape extents
 * @param dtype `float16`, `float32` or `float64`
 */
export function toFloats(
  data: ArrayLike<number>,
  shape: readonly number[],
  dtype: DType,
): TensorData {
  if (dtype === 'float64') return { dtype, shape, data: Float64Array.from(data) };
  const single = data instanceof Float32Array ? data : Float32Array.from(data);
  if (dtype === 'float16') return { dtype, shape, data: float32ToFloat16(single) };
  return { dtype: 'float32', shape, data: single };
}
