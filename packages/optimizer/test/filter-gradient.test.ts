import { vjp } from '@convlens/autodiff';
import {
  elementCount,
  float32,
  inferShapes,
  write,
  type Attribute,
  type Graph,
  type TensorData,
} from '@convlens/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import {
  NODE_POLICY,
  optimize,
  UNCHANGED,
  WASM_POLICY,
  type FilterGradientForm,
} from '../src/index.js';

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly w: readonly [number, number, number, number];
  readonly attributes?: Readonly<Record<string, readonly number[]>>;
}

const cases: Record<string, Case> = {
  '3 x 3': { x: [4, 5, 8, 7], w: [6, 5, 3, 3] },
  padded: { x: [3, 4, 6, 5], w: [2, 4, 3, 3], attributes: { pads: [1, 0, 1, 2] } },
  strides: {
    x: [2, 3, 12, 11],
    w: [4, 3, 5, 3],
    attributes: { strides: [2, 3], pads: [2, 1, 2, 1] },
  },
  dilations: { x: [2, 3, 11, 11], w: [4, 3, 3, 3], attributes: { dilations: [2, 3] } },
  '1 x 1': { x: [3, 4, 5, 5], w: [6, 4, 1, 1] },
  'one channel': { x: [3, 1, 9, 9], w: [6, 1, 3, 3] },
  'one image': { x: [1, 3, 9, 9], w: [6, 3, 3, 3] },
};

function gradient({ x, w, attributes = {} }: Case): Graph {
  const info = (name: string, shape: readonly number[]) => ({
    ...{ name, dtype: 'float32' as const, shape },
  });
  const typed = Object.entries(attributes).map(([name, value]): [string, Attribute] => [
    name,
    { type: 'ints', value },
  ]);
  const graph = inferShapes({
    ...{ name: 'one', opset: 17, otherOpsets: {}, producer: 'test' },
    nodes: [
      {
        ...{ name: 'c', op: 'Conv', domain: '', inputs: ['x', 'w'], outputs: ['y'] },
        attributes: Object.fromEntries(typed),
      },
    ],
    inputs: [info('x', x), info('w', w)],
    outputs: [{ name: 'y', dtype: 'float32', shape: undefined }],
    ...{ initializers: new Map(), values: new Map(), metadata: new Map() },
  });
  return vjp(graph, { cotangents: { y: { input: 'dy' } }, wrt: ['w'] }).graph;
}

const noise = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(i * i + 1));

async function run(graph: Graph): Promise<Float32Array> {
  const session = await InferenceSession.create(write(graph), { logSeverityLevel: 3 });
  const tensor = (shape: readonly number[]): TensorData =>
    float32(noise(elementCount(shape)), shape);
  const feeds = graph.inputs.map(({ name, shape }) => {
    const { data } = tensor(shape as number[]);
    return [name, new Tensor('float32', data as Float32Array, shape as number[])] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return results[graph.outputs[0]!.name]!.data as Float32Array;
}

const policy = (form: FilterGradientForm) => ({ ...UNCHANGED, filterGradient: () => form });

describe.each(Object.entries(cases))('the gradient of filters: %s', (_, each) => {
  it.each(['taps', 'images'] as const)('as matrix products: %s', async (form) => {
    const graph = gradient(each);
    const rewritten = optimize(graph, { policy: policy(form) });
    expect(rewritten.nodes.some(({ op }) => op === 'Conv')).toBe(false);
    const [found, right] = [await run(rewritten), await run(graph)];
    expect(found).toHaveLength(right.length);
    const distance = Math.hypot(...found.map((value, i) => value - right[i]!));
    expect(distance / Math.hypot(...right)).toBeLessThan(1e-6);
  });
});

it('stays as it is where a policy says nothing', () => {
  const graph = gradient(cases['3 x 3']!);
  expect(optimize(graph, { policy: UNCHANGED })).toBe(graph);
  expect(optimize(graph, { policy: policy('direct') })).toBe(graph);
});

it('is chosen for runtimes by its extents', () => {
  const shape = { batch: 128, outputs: 64, kernel: [3, 3] as const };
  const at = (inputs: number, side: number) => ({
    ...{ ...shape, inputs, from: [side + 2, side + 2] as const, to: [side, side] as const },
  });
  expect(NODE_POLICY.filterGradient?.(at(32, 28))).toBe('images');
  expect(NODE_POLICY.filterGradient?.(at(64, 12))).toBe('taps');
  expect(WASM_POLICY.filterGradient?.(at(32, 28))).toBe('taps');
  expect(WASM_POLICY.filterGradient?.(at(3, 28))).toBe('images');
});
