import { elementCount, write, type Attribute, type Graph, type TensorData } from '@convlens/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Seeded uniform numbers in [-1, 1) (a 32-bit linear congruential generator, high bits). */
export function noise(count: number, seed: number): Float32Array {
  let state = (seed * 2654435761) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Length of the difference over length of `expected`. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let total = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    total += expected[i]! ** 2;
  }
  return actual.length === expected.length ? Math.sqrt(difference / total) : NaN;
}

/** What a test says about a convolution; the rest is as plain as can be. */
export interface Spec {
  readonly batch?: number | string;
  readonly inputs?: number;
  readonly outputs?: number;
  readonly size?: readonly [number, number];
  readonly kernel?: readonly [number, number];
  readonly pads?: readonly number[];
  readonly bias?: boolean;
  readonly opset?: number;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** The weights are an input of the graph. */
  readonly openWeights?: boolean;
  readonly group?: number;
  readonly seed?: number;
}

/** One convolution of `x` with seeded weights, as the value `y`, and a rectifier behind it, as `z`. */
export function convolution(spec: Spec = {}): Graph {
  const { batch = 1, inputs = 8, outputs = 8, size = [12, 12], kernel = [3, 3] } = spec;
  const { pads = [1, 1, 1, 1], group = 1, seed = 1 } = spec;
  const shape = [outputs, inputs / group, ...kernel];
  const tensor = (extents: number[], from: number): TensorData => ({
    dtype: 'float32',
    shape: extents,
    data: noise(elementCount(extents), from),
  });
  const weights = tensor(shape, seed);
  const info = (name: string, dims?: (number | string)[]) =>
    ({ name, dtype: 'float32', shape: dims }) as const;
  return {
    name: 'test',
    opset: spec.opset ?? 17,
    otherOpsets: {},
    inputs: [info('x', [batch, inputs, ...size]), ...(spec.openWeights ? [info('w', shape)] : [])],
    outputs: [info('y'), info('z')],
    nodes: [
      {
        name: 'conv',
        op: 'Conv',
        domain: '',
        inputs: spec.bias ? ['x', 'w', 'b'] : ['x', 'w'],
        outputs: ['y'],
        attributes: {
          group: { type: 'int', value: group },
          ...(spec.attributes?.auto_pad ? {} : { pads: { type: 'ints', value: pads } }),
          ...spec.attributes,
        },
      },
      { name: 'relu', op: 'Relu', domain: '', inputs: ['y'], outputs: ['z'], attributes: {} },
    ],
    initializers: new Map([
      ...(spec.openWeights ? [] : ([['w', weights]] as const)),
      ...(spec.bias ? ([['b', tensor([outputs], seed + 1)]] as const) : []),
    ]),
    values: new Map(),
    metadata: new Map(),
    producer: 'test',
  };
}

/** Runs a graph on one thread of onnxruntime-node. */
export async function run(
  graph: Graph,
  feeds: Readonly<Record<string, TensorData<'float32'>>>,
): Promise<Record<string, { readonly dims: readonly number[]; readonly data: Float32Array }>> {
  const session = await InferenceSession.create(write(graph), {
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
  });
  const tensors = Object.entries(feeds).map(([name, { data, shape }]) => [
    name,
    new Tensor('float32', data, shape),
  ]);
  const results = await session.run(Object.fromEntries(tensors) as Record<string, Tensor>);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { dims, data }]) => [
      name,
      { dims, data: data as Float32Array },
    ]),
  );
}
