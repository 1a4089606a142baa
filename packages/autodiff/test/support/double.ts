import { elementCount, write, type Graph, type Node, type TensorData } from '@convlens/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { referenceOperators, type Doubles } from './reference-operators.js';

/*
 * A graph of float32 computed in float64, node by node. Which way each operator goes:
 * - by onnxruntime's own float64 kernels: Abs, Add, BatchNormalization, Clip, Concat, Cos, CumSum, DepthToSpace, Div,
 *   Dropout, Einsum, Exp, Expand, Flatten, Gather, GatherElements, GatherND, Gemm, Identity, LayerNormalization,
 *   LeakyRelu, Log, LogSoftmax, LpNormalization, MatMul, Max, MaxPool, Min, Mish, Mul,
 *   Neg, Pad, Pow, PRelu, Reciprocal, all reductions, Relu, Reshape, ScatterElements, ScatterND, Sigmoid, Sin,
 *   Slice, Softmax, SpaceToDepth, Split, Sqrt, Squeeze, Sub, Sum, Tanh, Tile, TopK, Transpose, Trilu, Unsqueeze, Where;
 * - as its definition reads, in `reference-operators.ts`: those that the runtime has no such kernel for
 *   (Shrink's rounds to float32 on the way);
 * - Resize as the linear map that the runtime makes of it, read off column by column and applied in float64: where a
 *   nearest position lies halfway is the runtime's rounding, which no definition settles.
 */

type Value = Doubles | TensorData;
type Compute = (inputs: readonly (Value | undefined)[]) => Promise<readonly Value[]>;

const FLOAT64 = 11n;

/** Computes the first output of a graph whose inputs are all float32, in float64. */
export async function inDouble(
  graph: Graph,
): Promise<(feeds: Readonly<Record<string, Float64Array>>) => Promise<Float64Array>> {
  const steps: [Node, Compute][] = [];
  for (const node of graph.nodes) steps.push([node, await computation(graph, node)]);
  const constants = [...graph.initializers].map(([name, tensor]): [string, Value] => [
    name,
    tensor.dtype === 'float32' ? doubles(tensor) : tensor,
  ]);
  return async (feeds) => {
    const values = new Map<string, Value>(constants);
    for (const { name, shape } of graph.inputs) {
      values.set(name, { shape: shape as number[], data: feeds[name]! });
    }
    for (const [node, compute] of steps) {
      const results = await compute(node.inputs.map((name) => values.get(name)));
      node.outputs.forEach((name, i) => values.set(name, results[i]!));
    }
    return (values.get(graph.outputs[0]!.name) as Doubles).data;
  };
}

const doubles = ({ shape, data }: TensorData): Doubles => ({
  shape,
  data: Float64Array.from(data as Float32Array),
});

async function computation(graph: Graph, node: Node): Promise<Compute> {
  if (node.op === 'Resize') return linearMap(graph, node);
  const shape = graph.values.get(node.outputs[0]!)?.shape as number[];
  const reference = referenceOperators[node.op];
  if (reference) {
    return (inputs) =>
      Promise.resolve([{ shape, data: reference(inputs as Doubles[], node, shape) }]);
  }
  const session = await sessionOf(graph, node, 'float64');
  return async (inputs) => {
    const feeds = node.inputs.flatMap((name, i) => {
      const value = inputs[i];
      return value ? [[name, tensorOf(value)] as const] : [];
    });
    const results = await session.run(Object.fromEntries(feeds));
    return node.outputs.map((name) => {
      const { dims, data, type } = results[name]!;
      return type === 'float64'
        ? { shape: dims, data: data as Float64Array }
        : ({ dtype: type, shape: dims, data } as TensorData);
    });
  };
}

function tensorOf(value: Value): Tensor {
  const dtype = 'dtype' in value ? value.dtype : 'float64';
  return new Tensor(dtype as 'float64', value.data as Float64Array, value.shape);
}

/** A session of one node; what it reads are inputs, so that nothing is folded in float32. */
function sessionOf(
  graph: Graph,
  node: Node,
  float: 'float32' | 'float64',
): Promise<InferenceSession> {
  const info = (name: string) => {
    const known = graph.initializers.get(name) ?? graph.values.get(name);
    const found = known ?? graph.inputs.find((input) => input.name === name)!;
    const dtype = found.dtype === 'float32' ? float : found.dtype;
    return { name, dtype, shape: found.shape };
  };
  // A cast to float32 (1) keeps the precision instead.
  const { to } = node.attributes;
  const kept = float === 'float64' && to?.type === 'int' && Number(to.value) === 1;
  const cast = kept
    ? { ...node.attributes, to: { ...to, value: Number(FLOAT64) } }
    : node.attributes;
  const alone: Graph = {
    ...graph,
    nodes: [{ ...node, attributes: cast }],
    inputs: [...new Set(node.inputs.filter(Boolean))].map(info),
    outputs: node.outputs.map(info),
    initializers: new Map(),
    values: new Map(),
  };
  return InferenceSession.create(write(alone), { logSeverityLevel: 3, intraOpNumThreads: 1 });
}

/** A node that is linear in its first input, by its columns in float32. */
async function linearMap(graph: Graph, node: Node): Promise<Compute> {
  const session = await sessionOf(graph, node, 'float32');
  const [first, ...rest] = node.inputs;
  const shape = (graph.values.get(first!) ?? graph.inputs.find(({ name }) => name === first))!
    .shape as number[];
  const others = rest.filter(Boolean).map((name) => {
    const { dtype, data, shape } = graph.initializers.get(name)!;
    return [name, new Tensor(dtype as 'float32', data as Float32Array, shape)] as const;
  });
  const columns: Float32Array[] = [];
  const to: number[] = [];
  for (let i = 0; i < elementCount(shape); i++) {
    const unit = new Float32Array(elementCount(shape));
    unit[i] = 1;
    const feeds = { [first!]: new Tensor('float32', unit, shape), ...Object.fromEntries(others) };
    const result = (await session.run(feeds))[node.outputs[0]!]!;
    columns.push(result.data as Float32Array);
    if (i === 0) to.push(...result.dims);
  }
  return ([x]) => {
    const y = new Float64Array(columns[0]!.length);
    columns.forEach((column, i) => {
      const value = (x as Doubles).data[i]!;
      for (let j = 0; j < y.length; j++) y[j]! += column[j]! * value;
    });
    return Promise.resolve([{ shape: to, data: y }]);
  };
}
