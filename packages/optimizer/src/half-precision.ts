import {
  float32ToFloat16,
  valueNames,
  type Graph,
  type Node,
  type TensorData,
} from '@convlens/onnx';

/** Operators that are computed in float16. What sums over many numbers by itself, or divides by what may be small, is not. */
const IN_FLOAT16 = new Set(
  (
    'Add AveragePool BatchNormalization Clip Concat Conv Dropout Flatten Gemm GlobalAveragePool GlobalMaxPool Identity ' +
    'LeakyRelu MatMul Max MaxPool Min Mul PRelu Pad Relu Reshape Slice Squeeze Sub Transpose Unsqueeze'
  ).split(' '),
);

/** The largest number of float16. */
const LARGEST = 65504;
/** How much larger numbers may become with another image than they were with the first. */
const ROOM = 8;

/** ONNX's numbers of element types. */
const ELEMENT = { float32: 1, float16: 10 } as const;

type TypeOf = (name: string) => string | undefined;

function types(graph: Graph): TypeOf {
  const inputs = new Map(graph.inputs.map(({ name, dtype }) => [name, dtype]));
  return (name) =>
    (graph.initializers.get(name) ?? graph.values.get(name))?.dtype ?? inputs.get(name);
}

function isFloat16({ domain, op, inputs }: Node, typeOf: TypeOf): boolean {
  return domain === '' && IN_FLOAT16.has(op) && typeOf(inputs[0] ?? '') === 'float32';
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
  const taken = valueNames(graph);
  const fresh = (name: string): string => {
    let free = name;
    for (let i = 2; taken.has(free); i++) free = `${name}_${i}`;
    taken.add(free);
    return free;
  };
  const initializers = new Map(graph.initializers);
  const nodes: Node[] = [];
  /** Names under which a value is known in each precision. */
  const float16 = new Map<string, string>();
  const wholes = new Map<string, string>();
  const cast = (from: string, to: string, type: keyof typeof ELEMENT): string => {
    nodes.push({
      ...{ name: fresh(`${to}_cast`), op: 'Cast', domain: '', inputs: [from], outputs: [to] },
      attributes: { to: { type: 'int', value: ELEMENT[type] } },
    });
    return to;
  };
  const half = (name: string): string => {
    let known = float16.get(name);
    if (known !== undefined) return known;
    known = fresh(`${name}_half`);
    float16.set(name, known);
    const tensor = graph.initializers.get(name) as TensorData<'float32'> | undefined;
    if (!tensor) return cast(name, known, 'float16');
    initializers.set(known, { ...tensor, dtype: 'float16', data: float32ToFloat16(tensor.data) });
    return known;
  };
  const whole = (name: string): string => {
    const from = float16.get(name);
    if (from === undefined || !computed.has(name)) return name;
    if (!wholes.has(name)) wholes.set(name, cast(from, name, 'float32'));
    return name;
  };
  const typeOf = types(graph);
  /** Values that exist in float16 first. */
  const computed = new Set<string>();
  for (const node of graph.nodes) {
    if (!isFloat16(node, typeOf)) {
      nodes.push({ ...node, inputs: node.inputs.map(whole) });
      continue;
    }
    const inputs = node.inputs.map((name) => (typeOf(name) === 'float32' ? half(name) : name));
    const outputs = node.outputs.map((name, i) => {
      // A second output, such as the indices of maxima, has a type of its own.
      if (name === '' || i > 0) return name;
      computed.add(name);
      const known = fresh(`${name}_half`);
      float16.set(name, known);
      return known;
    });
    nodes.push({ ...node, inputs, outputs });
  }
  for (const { name } of graph.outputs) whole(name);
  const used = new Set([
    ...nodes.flatMap(({ inputs }) => inputs),
    ...graph.outputs.map((o) => o.name),
  ]);
  for (const name of initializers.keys()) if (!used.has(name)) initializers.delete(name);
  // What is left of them: the float32 ones that are still there.
  const values = new Map(
    [...graph.values].filter(([name]) => !computed.has(name) || wholes.has(name)),
  );
  return { ...graph, nodes, initializers, values };
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
  const nodes: Node[] = [];
  const emit = (op: string, inputs: readonly string[], output: string): void => {
    const attributes: Node['attributes'] =
      op === 'ReduceMax' ? { keepdims: { type: 'int', value: 0 } } : {};
    nodes.push({ name: output, op, domain: '', inputs, outputs: [output], attributes });
  };
  const largest: string[] = [];
  const watch = (name: string): void => {
    const [sizes, most] = [`${RANGE}_of_${name}`, `${RANGE}_in_${name}`];
    emit('Abs', [name], sizes);
    emit('ReduceMax', [sizes], most);
    largest.push(most);
  };
  for (const { name, dtype } of graph.inputs) if (dtype === 'float32') watch(name);
  for (const node of graph.nodes) {
    nodes.push(node);
    if (isFloat16(node, typeOf)) watch(node.outputs[0]!);
  }
  emit('Max', largest, RANGE);
  return { ...graph, nodes, outputs: [{ name: RANGE, dtype: 'float32', shape: [] }] };
}

/**
 * Whether float16 holds the numbers of a network, with room for other images.
 *
 * @param largest what the graph of `rangeOf` gave for one image
 */
export function fitsFloat16(largest: number): boolean {
  return largest * ROOM < LARGEST;
}
