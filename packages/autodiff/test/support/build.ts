import {
  elementCount,
  inferShapes,
  type Attribute,
  type Graph,
  type Node,
  type TensorData,
} from '@convlens/onnx';

/** Attributes as plain values: whole numbers are `int`, `{ float }` a number that is none, lists alike. */
export type Plain = Readonly<
  Record<
    string,
    number | string | readonly number[] | { readonly float: number | readonly number[] }
  >
>;

/** Operator, inputs, outputs, attributes. */
export type NodeSpec = readonly [string, readonly string[], readonly string[], Plain?];

function attribute(value: Plain[string]): Attribute {
  if (typeof value === 'string') return { type: 'string', value };
  if (typeof value === 'number') return { type: 'int', value };
  if (!('float' in value)) return { type: 'ints', value };
  const { float } = value;
  return typeof float === 'number'
    ? { type: 'float', value: float }
    : { type: 'floats', value: float };
}

/** Integers as a tensor. */
export function integers(...list: readonly number[]): TensorData {
  return { dtype: 'int64', shape: [list.length], data: BigInt64Array.from(list, BigInt) };
}

/** Numbers as a float32 tensor. */
export function floats(shape: readonly number[], list: readonly number[]): TensorData<'float32'> {
  if (list.length !== elementCount(shape)) throw new Error('wrong number of elements');
  return { dtype: 'float32', shape, data: Float32Array.from(list) };
}

/** A graph with float32 inputs, written by hand. */
export function build(
  inputs: Readonly<Record<string, readonly (number | string)[]>>,
  nodes: readonly NodeSpec[],
  outputs: readonly string[],
  initializers: Readonly<Record<string, TensorData>> = {},
  opset = 17,
): Graph {
  const graph: Graph = {
    name: 'test',
    opset,
    otherOpsets: {},
    inputs: Object.entries(inputs).map(([name, shape]) => ({ name, dtype: 'float32', shape })),
    outputs: outputs.map((name) => ({ name, dtype: 'float32', shape: undefined })),
    nodes: nodes.map(([op, from, to, attributes = {}], i): Node => ({
      name: `${op.toLowerCase()}${i}`,
      op,
      domain: '',
      inputs: from,
      outputs: to,
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, attribute(value)]),
      ),
    })),
    initializers: new Map(Object.entries(initializers)),
    values: new Map(),
    metadata: new Map(),
    producer: 'test',
  };
  return inferShapes(graph);
}

/** How many nodes of each operator a graph has. */
export function countNodes(graph: Graph): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of graph.nodes) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}
