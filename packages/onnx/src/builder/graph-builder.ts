import { dtypeCode } from '../dtypes.js';
import { LensError } from '../errors.js';
import type { Attribute, Dim, Graph, Node, ValueInfo } from '../graph.js';
import { topologicalSort } from '../order.js';
import type { DType, TensorData } from '../tensor.js';
import type { Parameters } from './attribute.js';
import { contentsOf, toFloats, toIntegers } from './constants.js';
import { formOf } from './forms.js';
import { Infos } from './infos.js';
import { Names } from './names.js';
import { place, renewed } from './placement.js';

/** Version of the operator set of graphs that are built from nothing. */
const OPSET = 17;

/** How a builder works. */
export interface BuilderOptions {
  /** Begins the names of what is built; `scope` can be changed on the way. */
  readonly scope?: string;
  /**
   * `'append'`, the default: the nodes of the graph come first. `'rewrite'`: they are taken over one by one, with `keep`.
   */
  readonly mode?: 'append' | 'rewrite';
  /** Whether a node that would compute what one computes already is left out, its value returned. Default true. */
  readonly share?: boolean;
  /** Tensors whose elements are known though the graph lists them as inputs. */
  readonly known?: ReadonlyMap<string, TensorData>;
}

/** A value, or a number that becomes a constant of the type of the first value beside it. */
export type Argument = string | number;

/**
 * Builds a graph: a new one, one that goes on from another, or another rewritten. Names are new in the graph, small constants
 * are stored once, and types and shapes of values are known as soon as they are asked for. Nodes are told what they need
 * by name and as plain values, in the form of the newest operator set; what older sets have in another place is put
 * there:
 *
 *     const b = new GraphBuilder({ name: 'step' });
 *     const w = b.input('w', [8, 3, 5, 5]);
 *     const g = b.input('g', [8, 3, 5, 5]);
 *     const mean = b.emit('ReduceMean', [g], { axes: [1, 2, 3] });
 *     b.output(b.emit('Sub', [w, b.emit('Mul', [b.emit('Sub', [g, mean]), 0.1])]), 'w_next');
 *     const graph = b.finish();
 */
export class GraphBuilder {
  /** Version of the operator set. */
  readonly opset: number;
  /** Begins the names of what is emitted. */
  scope: string;
  readonly #graph: Graph;
  readonly #share: boolean;
  readonly #appends: boolean;
  readonly #nodes: Node[];
  readonly #infos: Infos;
  readonly #initializers: Map<string, TensorData>;
  readonly #known: ReadonlyMap<string, TensorData>;
  /** Constants of the graph that stay, though nothing reads them. */
  readonly #kept: Set<string>;
  readonly #names: Names;
  readonly #inputs: ValueInfo[];
  readonly #outputs: string[];
  readonly #computed = new Map<string, readonly string[]>();
  readonly #stored = new Map<string, string>();

  /**
   * @param graph what to begin with: a graph, or parts of one; what is left out is empty, the operator set version 17
   * @param options how to build
   */
  constructor(graph: Partial<Graph> = {}, options: BuilderOptions = {}) {
    const { scope = '', mode = 'append', share = true, known = new Map() } = options;
    this.#graph = {
      ...{ name: 'graph', opset: OPSET, otherOpsets: {}, inputs: [], outputs: [], nodes: [] },
      ...{ initializers: new Map(), values: new Map(), metadata: new Map(), producer: 'convlens' },
      ...graph,
    };
    const { opset, nodes, inputs, outputs, initializers, values } = this.#graph;
    this.opset = opset;
    this.scope = scope;
    this.#share = share;
    this.#appends = mode === 'append';
    this.#known = known;
    this.#nodes = this.#appends ? [...nodes] : [];
    this.#names = new Names(this.#graph, this.#nodes);
    this.#inputs = [...inputs];
    this.#outputs = outputs.map(({ name }) => name);
    this.#initializers = new Map(initializers);
    this.#kept = new Set(initializers.keys());
    if (!this.#appends) {
      for (const { inputs: read } of nodes) for (const name of read) this.#kept.delete(name);
    }
    this.#infos = new Infos(values, opset, this.#nodes, this.#initializers);
    for (const info of inputs) this.#infos.values.set(info.name, info);
    for (const node of this.#nodes) this.#remember(node);
  }

  /**
   * Type and shape of a value, as far as they can be known.
   *
   * @param name the value
   * @throws LensError as `inferShapes`, when nodes that were emitted do not go together
   */
  info(name: string): ValueInfo | undefined {
    return this.#infos.of(name);
  }

  /**
   * The numeric shape of a value.
   *
   * @param name the value
   * @throws LensError `E_SHAPE` when it is not known or depends on an open extent
   */
  shape(name: string): readonly number[] {
    const shape = this.info(name)?.shape;
    if (shape?.every((extent) => typeof extent === 'number')) return shape;
    throw new LensError(
      'E_SHAPE',
      `Numbers are needed for the shape of "${name}", but it is ${shape ? `[${shape.join(', ')}]` : 'not known'}. Fix the shapes of the inputs with the option inputs.`,
    );
  }

  /**
   * The element type of a value; float32 where nothing is known.
   *
   * @param name the value
   */
  dtype(name: string): DType {
    return (this.#infos.get(name) ?? this.info(name))?.dtype ?? 'float32';
  }

  /**
   * The elements of a value that is a constant.
   *
   * @param name the value
   */
  elements(name: string | undefined): TensorData | undefined {
    return name ? (this.#initializers.get(name) ?? this.#known.get(name)) : undefined;
  }

  /**
   * Emits a node with one output.
   *
   * @param op operator of the standard domain
   * @param inputs values or numbers; `''` where an optional one is left out
   * @param parameters what else the node is told, by name
   * @param name what its output is to be called; made of the scope and the operator by default
   * @returns name of the output
   * @throws LensError `E_OP_UNSUPPORTED` for an operator that Convlens does not know or that the operator set does not
   * have; `E_ARGUMENT` for parameters that it has not, and for a name that is taken
   */
  emit(
    op: string,
    inputs: readonly Argument[],
    parameters: Parameters = {},
    name?: string,
  ): string {
    return this.emitAll(op, inputs, name === undefined ? 1 : [name], parameters)[0]!;
  }

  /**
   * Emits a node with several outputs.
   *
   * @param op operator of the standard domain
   * @param inputs values or numbers; `''` where an optional one is left out
   * @param outputs how many outputs, or their names
   * @param parameters what else the node is told, by name
   * @returns names of the outputs
   * @throws LensError as `emit`
   */
  emitAll(
    op: string,
    inputs: readonly Argument[],
    outputs: number | readonly string[],
    parameters: Parameters = {},
  ): readonly string[] {
    const values = this.#valuesOf(inputs);
    const count = typeof outputs === 'number' ? outputs : outputs.length;
    const other = formOf(this, op, values, parameters, count);
    if (typeof other === 'string') return [other];
    const attributes = place(this, op, values, other ?? parameters);
    if (typeof outputs !== 'number') {
      for (const name of outputs) this.#names.claim(name);
      return this.#push(op, values, outputs, attributes);
    }
    const key = this.#share ? keyOf(op, values, attributes) : undefined;
    const known = key === undefined ? undefined : this.#computed.get(key);
    if (known && known.length >= count) return known;
    const name = this.#names.fresh(this.scope === '' ? op : `${this.scope}/${op}`);
    const names = Array.from({ length: count }, (_, i) =>
      i === 0 ? name : this.#names.fresh(`${name}_${i}`),
    );
    return this.#push(op, values, names, attributes);
  }

  /**
   * A value as elements of a type.
   *
   * @param value the value
   * @param dtype the type
   * @param name what the result is to be called
   * @returns the value itself when it is of that type
   */
  cast(value: string, dtype: DType, name?: string): string {
    if (name === undefined && this.dtype(value) === dtype) return value;
    return this.emit('Cast', [value], { to: dtypeCode(dtype) }, name);
  }

  /**
   * Takes over a node. Attributes that are inputs by now, as in the node of an older operator set, become inputs.
   *
   * @param node a node whose outputs nothing else makes
   */
  keep(node: Node): void {
    this.#names.claimNode(node.name);
    for (const name of node.outputs) if (name) this.#names.claim(name);
    const kept = renewed(this, node);
    this.#nodes.push(kept);
    this.#remember(kept);
  }

  /**
   * Lets the node that was emitted last make another value than the one it was given a name for.
   *
   * @param name of a value that nothing makes any more
   */
  renameLast(name: string): void {
    const last = this.#nodes.pop()!;
    this.#names.claim(name);
    this.#nodes.push({ ...last, outputs: [name, ...last.outputs.slice(1)] });
    this.#computed.clear();
  }

  /**
   * Stores a constant.
   *
   * @param tensor its elements
   * @param label what it is, for its name
   * @param key constants of the same key are the same; small ones are compared anyway
   */
  constant(tensor: TensorData, label: string, key = contentsOf(tensor)): string {
    const known = key === undefined ? undefined : this.#stored.get(key);
    if (known !== undefined) return known;
    const name = this.#names.fresh(label);
    this.#initializers.set(name, tensor);
    if (key !== undefined) this.#stored.set(key, name);
    return name;
  }

  /**
   * Stores a weight under a name of its own: it is not taken for another that has the same elements, and stays though nothing
   * reads it.
   *
   * @param name its name
   * @param tensor its elements
   * @throws LensError `E_ARGUMENT` when the name is taken
   */
  weight(name: string, tensor: TensorData): string {
    this.#names.claim(name);
    this.#initializers.set(name, tensor);
    this.#kept.add(name);
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
  numbers(
    data: ArrayLike<number>,
    shape: readonly number[],
    like: string,
    label = 'numbers',
  ): string {
    return this.constant(toFloats(data, shape, this.dtype(like)), label);
  }

  /**
   * A scalar of the type of a value.
   *
   * @param value the number
   * @param like a float value whose type the constant takes; float32 where there is none
   */
  number(value: number, like = ''): string {
    return this.numbers([value], [], like, `constant_${value}`);
  }

  /**
   * A list of integers.
   *
   * @param list the integers
   */
  integers(list: readonly number[]): string {
    // Long lists make names that are longer than what they name.
    return this.constant(
      toIntegers(list),
      list.length > 8 ? 'integers' : `integers_${list.join('_')}`,
    );
  }

  /**
   * Adds an input to the graph.
   *
   * @param name its name
   * @param shape its extents
   * @param dtype type of its elements
   * @returns the name
   * @throws LensError `E_ARGUMENT` when the name is taken
   */
  input(name: string, shape: readonly Dim[], dtype: DType = 'float32'): string {
    this.#names.claim(name);
    const info: ValueInfo = { name, dtype, shape };
    this.#infos.values.set(name, info);
    this.#inputs.push(info);
    return name;
  }

  /**
   * Makes a value an output of the graph, behind those that it has.
   *
   * @param value the value
   * @param name what the output is to be called; the value's own name by default
   * @returns the name
   */
  output(value: string, name = value): string {
    if (name !== value) this.emit('Identity', [value], {}, name);
    if (!this.#outputs.includes(name)) this.#outputs.push(name);
    return name;
  }

  /**
   * Gives a value a second name, under which it can be an output.
   *
   * @param value the value
   * @param name the wanted name; a number is put behind it when it is taken
   * @returns the name it got
   */
  named(value: string, name: string): string {
    return this.emit('Identity', [value], {}, this.free(name));
  }

  /**
   * A further output of a node that is there already.
   *
   * @param node a node of the graph
   * @param index which output
   * @param info its type and shape, where the operator's row does not know it
   */
  furtherOutput(node: Node, index: number, info?: Omit<ValueInfo, 'name'>): string {
    const at = this.#nodes.findIndex(({ name }) => name === node.name);
    const current = this.#nodes[at]!;
    const old = current.outputs[index];
    if (old) return old;
    const name = this.#names.fresh(`${node.outputs[0]}_output_${index}`);
    const outputs = Array.from({ length: Math.max(index + 1, current.outputs.length) }, (_, i) =>
      i === index ? name : (current.outputs[i] ?? ''),
    );
    this.#nodes[at] = { ...current, outputs };
    if (info) this.#infos.values.set(name, { name, ...info });
    else this.#infos.tell(this.#nodes[at]);
    return name;
  }

  /**
   * A name that neither a value nor a node has.
   *
   * @param wanted the name; a number is put behind it when it is taken
   */
  free(wanted: string): string {
    return this.#names.free(wanted);
  }

  /**
   * The graph, every node behind those whose values it reads.
   *
   * @param outputs names of its outputs; those that it had, and what `output` added, by default
   * @returns with types and shapes of all values, in a graph that is rewritten of those that were asked for; without constants
   * that nothing reads any more
   */
  finish(outputs: readonly string[] = this.#outputs): Graph {
    if (this.#appends) this.#infos.tellAll();
    const read = new Set(outputs);
    for (const { inputs } of this.#nodes) for (const name of inputs) read.add(name);
    const initializers = [...this.#initializers].filter(
      ([name]) => read.has(name) || this.#kept.has(name),
    );
    return {
      ...this.#graph,
      inputs: this.#inputs,
      outputs: outputs.map((name) => {
        const given = this.#graph.outputs.find((info) => info.name === name);
        return given ?? this.info(name) ?? { name, dtype: 'float32', shape: undefined };
      }),
      nodes: topologicalSort(this.#nodes),
      initializers: new Map(initializers),
      values: this.#infos.values,
    };
  }

  #valuesOf(inputs: readonly Argument[]): string[] {
    const like = inputs.find((each) => typeof each === 'string' && each !== '');
    return inputs.map((each) =>
      typeof each === 'number' ? this.number(each, like as string | undefined) : each,
    );
  }

  #push(
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Record<string, Attribute>,
  ): readonly string[] {
    const name = this.#names.ofNode(outputs.find(Boolean)!);
    const node: Node = { name, op, domain: '', inputs, outputs, attributes };
    this.#nodes.push(node);
    this.#remember(node);
    return outputs;
  }

  /** A node whose further outputs are left out could not answer for one that needs them. */
  #remember({ op, domain, inputs, attributes, outputs }: Node): void {
    if (!this.#share || domain !== '' || op === 'Dropout' || !outputs.every(Boolean)) return;
    const key = keyOf(op, inputs, attributes);
    if (key !== undefined) this.#computed.set(key, outputs);
  }
}

/** What a node computes; `undefined` for nodes that are never taken for another, because a tensor is an attribute. */
function keyOf(
  op: string,
  inputs: readonly string[],
  attributes: Node['attributes'],
): string | undefined {
  const written: string[] = [];
  for (const [name, attribute] of Object.entries(attributes)) {
    if (attribute.type === 'tensor') return undefined;
    written.push(`${name}=${[attribute.value].flat().join(' ')}`);
  }
  return `${op}(${inputs.join('\n')}){${written.sort().join()}}`;
}
