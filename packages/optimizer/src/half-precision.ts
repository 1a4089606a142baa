import {
  factsOf,
  float32ToFloat16,
  GraphBuilder,
  type Graph,
  type Node,
  type TensorData,
} from '@convlens/onnx';

/** The largest number of float16. */
const LARGEST = 65504;
/** How much larger numbers may become with another image than they were with the first. */
const ROOM = 8;

type TypeOf = (name: string) => string | undefined;

function types(graph: Graph): TypeOf {
  const inputs = new Map(graph.inputs.map(({ name, dtype }) => [name, dtype]));
  return (name) =>
    (graph.initializers.get(name) ?? graph.values.get(name))?.dtype ?? inputs.get(name);
}

function isFloat16(node: Node, typeOf: TypeOf): boolean {
  return factsOf(node).float16 === true && typeOf(node.inputs[0] ?? '') === 'float32';
}

/**
 * A graph that computes in float16 where that is enough, for runtimes that are faster with it. Inputs and outputs stay
 * float32. Meant for forward passes: activations differ from those in float32 by up to 1 % of their size (relative L2) where the
 * runtime sums in float16 too, and by 0.2 % where it does not. What grows beyond 65,504 becomes infinite, and a ReLU may hide
 * that: see `rangeOf`. Gradients are sums of many small numbers and must not be computed so.
 *
 * @param graph a graph whose shapes and types are known
 */
export function toFloat16(graph: Graph): Graph {
  const b = new GraphBuilder(graph, { mode: 'rewrite', share: false });
  const typeOf = types(graph);
  /** Names under which a value is known in float16. */
  const halves = new Map<string, string>();
  /** Values that exist in float16 first, and of those the ones that are there in float32 too. */
  const [computed, wholes] = [new Set<string>(), new Set<string>()];
  const half = (name: string): string => {
    let known = halves.get(name);
    if (known !== undefined) return known;
    known = b.free(`${name}_half`);
    const tensor = graph.initializers.get(name) as TensorData<'float32'> | undefined;
    if (tensor)
      b.weight(known, { ...tensor, dtype: 'float16', data: float32ToFloat16(tensor.data) });
    else b.cast(name, 'float16', known);
    halves.set(name, known);
    return known;
  };
  const whole = (name: string): string => {
    if (computed.has(name) && !wholes.has(name)) {
      wholes.add(name);
      b.cast(halves.get(name)!, 'float32', name);
    }
    return name;
  };
  for (const node of graph.nodes) {
    if (!isFloat16(node, typeOf)) {
      b.keep({ ...node, inputs: node.inputs.map(whole) });
      continue;
    }
    const inputs = node.inputs.map((name) => (typeOf(name) === 'float32' ? half(name) : name));
    const outputs = node.outputs.map((name, i) => {
      // A second output, such as the indices of maxima, has a type of its own.
      if (name === '' || i > 0) return name;
      computed.add(name);
      const known = b.free(`${name}_half`);
      halves.set(name, known);
      return known;
    });
    b.keep({ ...node, inputs, outputs });
  }
  for (const { name } of graph.outputs) whole(name);
  const made = b.finish();
  // What is left of them: the float32 ones that are still there.
  const values = [...graph.values].filter(([name]) => !computed.has(name) || wholes.has(name));
  return { ...made, values: new Map(values) };
}

/** Name of the output of `rangeOf`. */
export const RANGE = 'largest_magnitude';

/**
 * A graph that computes in float32 how large the numbers become that `toFloat16` computes in float16.
 *
 * @param graph a graph whose shapes and types are known
 * @returns its only output, `RANGE`, is a scalar; see `fitsFloat16`
 */
export function rangeOf(graph: Graph): Graph {
  const typeOf = types(graph);
  const b = new GraphBuilder(graph, { mode: 'rewrite', share: false, scope: RANGE });
  const largest: string[] = [];
  const watch = (name: string): void => {
    largest.push(b.emit('ReduceMax', [b.emit('Abs', [name])], { keepdims: 0 }));
  };
  for (const { name, dtype } of graph.inputs) if (dtype === 'float32') watch(name);
  for (const node of graph.nodes) {
    b.keep(node);
    if (isFloat16(node, typeOf)) watch(node.outputs[0]!);
  }
  b.emit('Max', largest, {}, RANGE);
  return { ...b.finish([]), outputs: [{ name: RANGE, dtype: 'float32', shape: [] }] };
}

/**
 * Whether float16 holds the numbers of a network, with room for other images.
 *
 * @param largest what the graph of `rangeOf` gave for one image
 */
export function fitsFloat16(largest: number): boolean {
  return largest * ROOM < LARGEST;
}
