import * as ort from 'onnxruntime-node';
import { expect } from 'vitest';
import {
  inferShapes,
  write,
  type Attribute,
  type Dim,
  type DType,
  type Graph,
  type Node,
  type TensorData,
  type ValueInfo,
} from '../src/index.js';

/** A value with a type. */
export function info(name: string, shape?: readonly Dim[], dtype: DType = 'float32'): ValueInfo {
  return { name, dtype, shape };
}

/** A node named after its first output; attributes as plain numbers, texts and lists of integers. */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Record<string, number | string | readonly number[] | Attribute> = {},
): Node {
  const tagged: Record<string, Attribute> = {};
  for (const [name, value] of Object.entries(attributes)) {
    tagged[name] =
      typeof value === 'number'
        ? { type: 'int', value }
        : typeof value === 'string'
          ? { type: 'string', value }
          : Array.isArray(value)
            ? { type: 'ints', value }
            : (value as Attribute);
  }
  return { name: `${op}:${outputs[0] ?? ''}`, op, domain: '', inputs, outputs, attributes: tagged };
}

/** A graph; what is not given is empty. */
export function graph(
  parts: Partial<Omit<Graph, 'initializers'>> & {
    nodes: readonly Node[];
    weights?: Record<string, TensorData>;
  },
): Graph {
  const { weights = {}, ...rest } = parts;
  return {
    name: 'test',
    opset: 17,
    otherOpsets: {},
    inputs: [],
    outputs: [],
    values: new Map(),
    metadata: new Map(),
    producer: '',
    ...rest,
    initializers: new Map(Object.entries(weights)),
  };
}

/** float32 numbers; counted up from 1 in steps of a quarter where none are given. */
export function floats(shape: readonly number[], data?: readonly number[]): TensorData<'float32'> {
  const count = shape.reduce((a, b) => a * b, 1);
  const values = data ?? Array.from({ length: count }, (_, i) => ((i * 7) % 13) / 4 - 1);
  return { dtype: 'float32', shape, data: Float32Array.from(values) };
}

/** A list of int64. */
export function longs(...data: readonly number[]): TensorData<'int64'> {
  return { dtype: 'int64', shape: [data.length], data: BigInt64Array.from(data, BigInt) };
}

/** One int64. */
export function long(value: number): TensorData<'int64'> {
  return { dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(value)) };
}

const options: ort.InferenceSession.SessionOptions = {
  graphOptimizationLevel: 'disabled',
  intraOpNumThreads: 1,
  logSeverityLevel: 3,
};

/** Runs a model with ONNX Runtime, its own optimisations off. */
export async function run(
  model: Uint8Array | Graph,
  feeds: Record<string, TensorData> = {},
): Promise<Record<string, ort.Tensor>> {
  const bytes = model instanceof Uint8Array ? model : write(model);
  const session = await ort.InferenceSession.create(bytes, options);
  const tensors = Object.entries(feeds).map(
    ([name, { dtype, shape, data }]) =>
      [name, new ort.Tensor(dtype as 'float32', data as Float32Array, [...shape])] as const,
  );
  const results = await session.run(Object.fromEntries(tensors));
  await session.release();
  return results;
}

/** Numbers in [-1, 1), the same for the same seed (Marsaglia's xorshift32). */
export function random(seed: number, shape: readonly number[]): TensorData<'float32'> {
  let state = seed | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 31 - 1;
  };
  const count = shape.reduce((a, b) => a * b, 1);
  return { dtype: 'float32', shape, data: Float32Array.from({ length: count }, next) };
}

/** The code and message of the error that a function raises; fails when there is none. */
export function errorOf(action: () => unknown): { code: string; message: string } {
  try {
    action();
  } catch (error) {
    const { name, code, message } = error as { name: string; code: string; message: string };
    return { code: name === 'LensError' ? code : `${name}, not a LensError`, message };
  }
  return { code: 'no error', message: '' };
}

/** The operators of a graph, in order. */
export const ops = (g: Graph): string[] => g.nodes.map(({ op }) => op);

/** Relative L2 distance of two graphs' outputs for the same random input. */
export async function difference(a: Graph, b: Graph, shape: readonly number[]): Promise<number> {
  const feeds = { x: random(11, shape) };
  const [ra, rb] = [await run(a, feeds), await run(b, feeds)];
  expect(Object.keys(rb)).toEqual(Object.keys(ra));
  let over = 0;
  let under = 0;
  for (const [name, { data }] of Object.entries(ra)) {
    const other = rb[name]?.data as Float32Array;
    (data as Float32Array).forEach((v, i) => {
      over += (v - other[i]!) ** 2;
      under += v ** 2;
    });
  }
  return Math.sqrt(over / under);
}

/** A graph with one input `x`. */
export function net(
  nodes: readonly Node[],
  weights: Record<string, TensorData>,
  x: readonly number[],
  outputs: readonly string[] = ['y'],
): Graph {
  return graph({ inputs: [info('x', x)], outputs: outputs.map((o) => info(o)), nodes, weights });
}

/** The weights but for one. */
export function without(
  weights: Record<string, TensorData>,
  name: string,
): Record<string, TensorData> {
  return Object.fromEntries(Object.entries(weights).filter(([key]) => key !== name));
}

/** The shape that is inferred for the value `y` from that of the input `x`. */
export function shapeOf(
  nodes: readonly Node[],
  x: readonly Dim[],
  weights: Record<string, TensorData> = {},
  opset = 17,
): readonly Dim[] | undefined {
  const g = graph({ opset, inputs: [info('x', x)], outputs: [info('y')], nodes, weights });
  return inferShapes(g).values.get('y')?.shape;
}
