import { vjp } from '@convlens/autodiff';
import {
  elementCount,
  float32,
  inferShapes,
  type Attribute,
  type Graph,
  type Node,
  type TensorData,
} from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { OWN_WASM_TRAITS, planGraph, schedule } from '../src/index.js';
import { noise, relativeError } from './support/errors.js';
import { executorWith, type Kernels } from './support/wasm.js';

const node = (
  op: string,
  inputs: string[],
  output: string,
  ints: Readonly<Record<string, number[] | number>> = {},
): Node => ({
  ...{ name: output, op, domain: '', inputs, outputs: [output] },
  attributes: Object.fromEntries(
    Object.entries(ints).map(([name, value]): [string, Attribute] => [
      name,
      typeof value === 'number' ? { type: 'int', value } : { type: 'ints', value },
    ]),
  ),
});

function graphOf(
  x: readonly number[],
  nodes: readonly Node[],
  lists: Readonly<Record<string, number[]>> = {},
): Graph {
  const tensors = Object.entries(lists).map(([name, list]): [string, TensorData] => [
    name,
    { dtype: 'int64', shape: [list.length], data: BigInt64Array.from(list, BigInt) },
  ]);
  return inferShapes({
    ...{ name: 'one', opset: 17, otherOpsets: {}, producer: 'test', nodes },
    inputs: [{ name: 'x', dtype: 'float32', shape: x }],
    outputs: [{ name: 'y', dtype: 'float32', shape: undefined }],
    ...{ initializers: new Map(tensors), values: new Map(), metadata: new Map() },
  });
}

function kernelsOf(graph: Graph): string[] {
  const plan = planGraph(graph, { runtime: 'tfjs-wasm', traits: OWN_WASM_TRAITS });
  const names = plan.outputs.map(({ name }) => name);
  return schedule(plan, names).map(({ step }) => step.kernel);
}

/** What a graph gives, on Convlens's kernels and on the library's. */
async function both(graph: Graph): Promise<[Float32Array, Float32Array]> {
  const results: Float32Array[] = [];
  for (const kernels of ['fused', 'the library’s'] satisfies Kernels[]) {
    const executor = await executorWith(kernels);
    const program = await executor.prepare(graph);
    const feeds = graph.inputs.map(
      ({ name, shape }, i) =>
        [name, float32(noise(elementCount(shape as number[]), i + 1), shape as number[])] as const,
    );
    const found = await program.run(Object.fromEntries(feeds));
    await program.dispose();
    results.push(found[graph.outputs[0]!.name]!.data as Float32Array);
  }
  return results as [Float32Array, Float32Array];
}

describe('the derivative of max-pooling on our own kernel', () => {
  it.each([
    ['2 x 2', [2, 8, 6, 8], { kernel_shape: [2, 2], strides: [2, 2] }],
    ['positions in no window', [2, 3, 7, 8], { kernel_shape: [2, 3], strides: [2, 3] }],
    ['padding', [1, 4, 5, 5], { kernel_shape: [3, 3], strides: [3, 3], pads: [1, 1, 0, 0] }],
    ['one window', [2, 5, 4, 4], { kernel_shape: [4, 4], strides: [4, 4] }],
  ])('%s', async (_, shape, ints) => {
    // Behind a ReLU many positions tie at 0.
    const graph = graphOf(shape, [node('Relu', ['x'], 'r'), node('MaxPool', ['r'], 'y', ints)]);
    const options = { cotangents: { y: { input: 'dy' } }, wrt: ['r'], pool: 'portable' } as const;
    const product = vjp(graph, options).graph;
    const kernels = kernelsOf(product);
    expect(kernels).toContain('ConvlensPoolGradient');
    expect(kernels.filter((kernel) => /Resize|Equal|Step|Select|Multiply/.test(kernel))).toEqual(
      [],
    );
    const [own, theirs] = await both(product);
    // A product with 0 may be -0.
    expect(own).toEqual(theirs.map((value) => value + 0));
  });

  it('leaves windows that overlap to the library’s', () => {
    const graph = graphOf(
      [1, 2, 7, 7],
      [node('MaxPool', ['x'], 'y', { kernel_shape: [3, 3], strides: [2, 2] })],
    );
    const options = { cotangents: { y: { input: 'dy' } }, wrt: ['x'], pool: 'portable' } as const;
    expect(kernelsOf(vjp(graph, options).graph)).not.toContain('ConvlensPoolGradient');
  });
});

describe('sums over all positions on our own kernel', () => {
  it.each([
    ['ReduceSum', [0, 2, 3], 0],
    ['ReduceSum', [0, 2, 3], 1],
    ['ReduceSumSquare', [0, 2, 3], 0],
  ] as const)('%s over %j, keepdims %i', async (op, axes, keepdims) => {
    const pooled = node('AveragePool', ['x'], 'p', { kernel_shape: [1, 1] });
    const inner =
      op === 'ReduceSum'
        ? node(op, ['p', 'axes'], 'y', { keepdims })
        : node(op, ['p'], 'y', { keepdims, axes: [...axes] });
    const graph = graphOf([3, 5, 6, 7], [pooled, inner], { axes: [...axes] });
    const [own, theirs] = await both(graph);
    expect(own).toHaveLength(5);
    expect(relativeError(own, theirs)).toBeLessThan(1e-6);
  });

  it('means keep their axes where they are asked to', async () => {
    const nodes = [
      node('AveragePool', ['x'], 'p', { kernel_shape: [1, 1] }),
      node('ReduceMean', ['p'], 'm', { axes: [0, 2, 3] }),
      node('Sub', ['p', 'm'], 'y'),
    ];
    const graph = graphOf([3, 5, 6, 7], nodes);
    expect(kernelsOf(graph)).toContain('ConvlensSumRows');
    const [own, theirs] = await both(graph);
    expect(relativeError(own, theirs)).toBeLessThan(1e-6);
  });

  it('rows of a matrix', async () => {
    const graph = graphOf(
      [130, 9],
      [node('Relu', ['x'], 'r'), node('ReduceSum', ['r', 'axes'], 'y', { keepdims: 0 })],
      { axes: [0] },
    );
    expect(kernelsOf(graph)).toContain('ConvlensSumRows');
    const [own, theirs] = await both(graph);
    expect(relativeError(own, theirs)).toBeLessThan(1e-6);
  });
});

describe('operators of training that TensorFlow.js does not have', () => {
  it.each(['SoftmaxCrossEntropyLoss', 'NegativeLogLikelihoodLoss'])('%s', async (op) => {
    const graph = graphOf([2, 3], [node(op, ['x', 't'], 'y')], { t: [2, 0] });
    const executor = await executorWith('fused');
    const program = await executor.prepare(graph);
    const x = Float32Array.of(1, 2, 4, 0.5, -1, 3);
    const { y } = await program.run({ x: float32(x, [2, 3]) });
    await program.dispose();
    const rows = [x.subarray(0, 3), x.subarray(3)];
    const logs = rows.map((row) => {
      const total = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
      return op === 'NegativeLogLikelihoodLoss' ? row : row.map((value) => value - total);
    });
    expect(y!.data[0]).toBeCloseTo(-(logs[0]![2]! + logs[1]![0]!) / 2, 5);
  });

  it('BatchNormalization with the statistics of the batch', async () => {
    const names = ['scale', 'bias', 'mean', 'variance'];
    const norm = node('BatchNormalization', ['x', ...names], 'y', { training_mode: 1 });
    const graph = graphOf(
      [2, 1, 1, 2],
      [{ ...norm, outputs: ['y', 'mean_next', 'variance_next'] }],
    );
    const numbers = [2, 1, 10, 4].map(
      (value, i) => [names[i]!, float32(Float32Array.of(value), [1])] as const,
    );
    const whole = inferShapes({
      ...graph,
      initializers: new Map(numbers),
      outputs: ['y', 'mean_next', 'variance_next'].map((name) => ({
        ...{ name, dtype: 'float32' as const, shape: undefined },
      })),
    });
    const executor = await executorWith('fused');
    const program = await executor.prepare(whole);
    const results = await program.run({ x: float32(Float32Array.of(1, 2, 3, 6), [2, 1, 1, 2]) });
    await program.dispose();
    // Mean 3, variance 3.5; momentum .9.
    expect(results.mean_next!.data[0]).toBeCloseTo(9.3, 5);
    expect(results.variance_next!.data[0]).toBeCloseTo(3.95, 5);
    expect(results.y!.data[3]).toBeCloseTo(2 * (3 / Math.sqrt(3.5 + 1e-5)) + 1, 5);
  });
});
