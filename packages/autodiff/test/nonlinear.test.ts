import type { Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { vjp } from '../src/index.js';
import { build, floats, integers, type Plain } from './support/build.js';
import { differenceError, tolerance } from './support/differences.js';
import { run } from './support/run.js';

const positive = (v: number): number => 1.3 + v;

function one(op: string, x: number[], attributes: Plain = {}, opset = 17): Graph {
  return build({ x }, [[op, ['x'], ['y'], attributes]], ['y'], {}, opset);
}

describe('max-pooling', () => {
  const cases: [string, number[], Plain][] = [
    ['side by side', [2, 3, 6, 8], { kernel_shape: [2, 2], strides: [2, 2] }],
    ['side by side, a rest', [2, 3, 7, 8], { kernel_shape: [2, 3], strides: [2, 3] }],
    [
      'side by side, padded',
      [1, 2, 7, 7],
      { kernel_shape: [3, 3], strides: [3, 3], pads: [1, 1, 1, 1] },
    ],
    ['side by side, ceil', [1, 2, 7, 7], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }],
    ['all in one window', [2, 3, 4, 5], { kernel_shape: [4, 5], strides: [4, 5] }],
    ['overlapping', [2, 3, 9, 8], { kernel_shape: [3, 3], strides: [2, 2] }],
    [
      'overlapping, padded',
      [1, 2, 8, 8],
      { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
    ],
    ['overlapping, ceil', [1, 2, 8, 8], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }],
    ['stride 1', [1, 2, 6, 5], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }],
    ['dilation', [1, 2, 9, 9], { kernel_shape: [2, 3], dilations: [2, 2], strides: [2, 1] }],
    ['stride over the kernel', [1, 2, 9, 9], { kernel_shape: [2, 2], strides: [3, 3] }],
    ['SAME_UPPER', [1, 2, 7, 8], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }],
    ['one axis', [2, 3, 9], { kernel_shape: [3], strides: [2] }],
  ];
  describe.each(['indices', 'portable'] as const)('%s', (pool) => {
    it.each(cases)('MaxPool %s', async (_, x, attributes) => {
      const graph = one('MaxPool', x, attributes);
      // So small a step that no other element becomes the largest.
      expect(await differenceError(graph, { pool })).toBeLessThan(tolerance);
    });

    it.each(cases)('the first maximum wins a tie: MaxPool %s', async (_, x, attributes) => {
      const graph = one('MaxPool', x, attributes);
      const count = x.reduce((product, extent) => product * extent);
      const { graph: product, gradients } = vjp(graph, {
        cotangents: { y: { input: 'dy' } },
        wrt: ['x'],
        pool,
        outputs: ['y'],
      });
      const outputs = (graph.outputs[0]!.shape as number[]).reduce((all, extent) => all * extent);
      // Zeros everywhere, as after a rectifier: positions in the padding must not be taken for zeros.
      const flat = await run(product, {
        x: new Float32Array(count),
        dy: new Float32Array(outputs).fill(1),
      });
      const expected = firstOfWindows(graph, x, attributes);
      expect(Array.from(flat[gradients.x!]!)).toEqual(expected);
    });
  });

  it('GlobalMaxPool', async () => {
    const graph = one('GlobalMaxPool', [2, 3, 4, 5]);
    expect(await differenceError(graph)).toBeLessThan(tolerance);
    const { graph: product, gradients } = vjp(graph, {
      cotangents: { y: { input: 'dy' } },
      wrt: ['x'],
    });
    const flat = await run(product, { x: new Float32Array(120), dy: new Float32Array(6).fill(1) });
    const first = Array.from({ length: 120 }, (_, i) => (i % 20 === 0 ? 1 : 0));
    expect(Array.from(flat[gradients.x!]!)).toEqual(first);
  });
});

/** How many windows have each position as the first one that lies inside the image. */
function firstOfWindows(graph: Graph, x: readonly number[], attributes: Plain): number[] {
  const from = x.slice(2);
  const to = (graph.outputs[0]!.shape as number[]).slice(2);
  const list = (name: string, fallback: number): number[] =>
    (attributes[name] as number[] | undefined) ?? from.map(() => fallback);
  const [strides, dilations, kernel] = [
    list('strides', 1),
    list('dilations', 1),
    list('kernel_shape', 1),
  ];
  const same = attributes.auto_pad === 'SAME_UPPER';
  const pads = from.map((extent, axis) =>
    same
      ? Math.floor(((to[axis]! - 1) * strides[axis]! + kernel[axis]! - extent) / 2)
      : list('pads', 0)[axis]!,
  );
  let counts = [1];
  from.forEach((extent, axis) => {
    const along = new Array<number>(extent).fill(0);
    for (let window = 0; window < to[axis]!; window++) {
      let at = window * strides[axis]! - pads[axis]!;
      while (at < 0) at += dilations[axis]!;
      along[at]!++;
    }
    counts = counts.flatMap((count) => along.map((other) => count * other));
  });
  return Array.from({ length: x[0]! * x[1]! }, () => counts).flat();
}

describe('normalisation', () => {
  it.each([1, 3, 5])('LRN over %d channels', async (size) => {
    const graph = one('LRN', [2, 7, 3, 4], {
      size,
      alpha: { float: 0.5 },
      beta: { float: 0.75 },
      bias: { float: 1.5 },
    });
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it('LRN as identity, on request', async () => {
    const graph = one('LRN', [1, 3, 2, 2], { size: 3 });
    const cotangents = { y: { input: 'dy' } };
    const product = vjp(graph, { cotangents, wrt: ['x'], lrn: 'identity' });
    const dy = Float32Array.from({ length: 12 }, (_, i) => i);
    const results = await run(product.graph, { x: dy, dy });
    expect(results[product.gradients.x!]).toEqual(dy);
  });

  const statistics = ['x', 'scale', 'bias', 'mean', 'variance'];
  it.each([[statistics], [statistics.slice(0, 1)]])('BatchNormalization, %j', async (wrt) => {
    const graph = build(
      { x: [2, 3, 4, 5], scale: [3], bias: [3], mean: [3], variance: [3] },
      [['BatchNormalization', statistics, ['y'], { epsilon: { float: 1e-3 } }]],
      ['y'],
    );
    const domain = (v: number, name: string): number => (name === 'variance' ? 1.5 + v : v);
    expect(await differenceError(graph, { domain, wrt })).toBeLessThan(tolerance);
    const weights = statistics.slice(1);
    expect(await differenceError(graph, { domain, wrt, weights })).toBeLessThan(tolerance);
  });
});

describe('Softmax and reductions', () => {
  it.each(['Softmax', 'LogSoftmax'])('%s', async (op) => {
    for (const axis of [0, 1, -1]) {
      expect(await differenceError(one(op, [3, 4, 5], { axis }))).toBeLessThan(tolerance);
    }
  });

  it.each(['Softmax', 'LogSoftmax'])('%s of opset 9, over several axes', async (op) => {
    expect(await differenceError(one(op, [3, 4, 5], { axis: 1 }, 9))).toBeLessThan(tolerance);
  });

  it.each([
    ['ReduceL1', (v: number) => v + 0.2 * Math.sign(v)],
    ['ReduceL2', undefined],
    ['ReduceLogSum', positive],
    ['ReduceLogSumExp', undefined],
    ['ReduceMax', undefined],
    ['ReduceMin', undefined],
    ['ReduceSumSquare', undefined],
  ] as const)('%s', async (op, domain) => {
    const options = domain ? { domain } : {};
    const graph = one(op, [2, 3, 4], { axes: [0, 2], keepdims: 0 });
    expect(await differenceError(graph, options)).toBeLessThan(tolerance);
    const newer = build(
      { x: [2, 3, 4] },
      [[op, ['x', 'axes'], ['y']]],
      ['y'],
      { axes: integers(1) },
      18,
    );
    expect(await differenceError(newer, options)).toBeLessThan(tolerance);
  });

  it('the length of a zero vector has the gradient zero, not NaN', async () => {
    const product = vjp(one('ReduceL2', [2, 3], { axes: [1] }), {
      cotangents: { y: { input: 'dy' } },
      wrt: ['x'],
    });
    const results = await run(product.graph, {
      x: Float32Array.of(0, 0, 0, 3, 0, 4),
      dy: Float32Array.of(1, 1),
    });
    const gradient = Array.from(results[product.gradients.x!]!);
    [0, 0, 0, 0.6, 0, 0.8].forEach((value, i) => expect(gradient[i]).toBeCloseTo(value, 6));
  });
});

describe('newer operator sets', () => {
  it.each([18, 19, 21, 22])('version %d', async (opset) => {
    const graph = build(
      { x: [2, 3, 9, 9], w: [4, 3, 3, 3] },
      [
        ['Pad', ['x', 'pads'], ['padded'], { mode: 'reflect' }],
        ['Conv', ['padded', 'w'], ['c'], { strides: [2, 2] }],
        ['Softplus', ['c'], ['s']],
        ['AveragePool', ['s'], ['a'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }],
        ['MaxPool', ['a'], ['m'], { kernel_shape: [2, 2], strides: [2, 2] }],
        ['Resize', ['m', '', 'scales'], ['r'], { mode: 'linear' }],
        ['ReduceMean', ['r', 'axes'], ['mean'], { keepdims: 1 }],
        ['Sub', ['r', 'mean'], ['centred']],
        ['Split', ['centred'], ['p', 'q'], { axis: 1, num_outputs: 2 }],
        ['Mul', ['p', 'q'], ['y']],
      ],
      ['y'],
      {
        pads: integers(0, 0, 1, 1, 0, 0, 1, 1),
        scales: floats([4], [1, 1, 2, 2]),
        axes: integers(2, 3),
      },
      opset,
    );
    for (const pool of ['indices', 'portable'] as const) {
      expect(await differenceError(graph, { pool })).toBeLessThan(tolerance);
    }
    const product = vjp(graph, { cotangents: { y: { input: 'dy' } }, wrt: ['x'] });
    expect(product.graph.opset).toBe(opset);
  });
});
