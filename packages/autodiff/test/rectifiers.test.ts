import { describe, expect, it } from 'vitest';
import { vjp, type ReluRule } from '../src/index.js';
import { build, floats, integers } from './support/build.js';
import { run } from './support/run.js';

async function signalBelow(
  op: string,
  rule: ReluRule,
  constants: Parameters<typeof build>[3] = {},
): Promise<number[]> {
  const inputs = ['x', ...Object.keys(constants)];
  const graph = build({ x: [8] }, [[op, inputs, ['y']]], ['y'], constants);
  const product = vjp(graph, { cotangents: { y: { input: 'R' } }, wrt: ['x'], rule });
  const results = await run(product.graph, {
    x: Float32Array.of(-2, -1, 0, 0, 1, 2, 7, 8),
    R: Float32Array.of(3, -3, 3, -3, 3, -3, 3, -3),
  });
  return Array.from(results[product.gradients.x!]!, (v) => v + 0);
}

describe('the rules at rectifiers', () => {
  it.each<[ReluRule, number[]]>([
    ['backprop', [0, 0, 0, 0, 3, -3, 3, -3]],
    ['deconvnet', [3, 0, 3, 0, 3, 0, 3, 0]],
    ['guided', [0, 0, 0, 0, 3, 0, 3, 0]],
    ['redirected', [3, 0, 3, 0, 3, -3, 3, -3]],
  ])('%s at Relu', async (rule, expected) => {
    expect(await signalBelow('Relu', rule)).toEqual(expected);
  });

  it.each<[ReluRule, number[]]>([
    ['backprop', [0, 0, 0, 0, 3, -3, 0, 0]],
    ['deconvnet', [3, 0, 3, 0, 3, 0, 3, 0]],
    ['guided', [0, 0, 0, 0, 3, 0, 0, 0]],
  ])('%s at Clip from 0 to 6, which is a rectifier', async (rule, expected) => {
    const bounds = { low: floats([], [0]), high: floats([], [6]) };
    expect(await signalBelow('Clip', rule, bounds)).toEqual(expected);
  });

  it.each<ReluRule>(['deconvnet', 'guided'])('%s leaves other functions alone', async (rule) => {
    const bounds = { low: floats([], [-1.5]), high: floats([], [6]) };
    expect(await signalBelow('Clip', rule, bounds)).toEqual([0, -3, 3, -3, 3, -3, 0, 0]);
    const slope = { slope: floats([], [0.5]) };
    expect(await signalBelow('PRelu', rule, slope)).toEqual([1.5, -1.5, 1.5, -1.5, 3, -3, 3, -3]);
  });
});

describe('a network worked out by hand', () => {
  // Two 3x3 filters of ones with biases -50 and -75 on a 4x4 image, a rectifier, a dense layer whose weights are 1
  // for the first five of the eight inputs and -1 for the rest, a rectifier. (The network and its deconvnet image
  // are a test case of Captum's; the image follows from the rule by hand: of the signal 1 1 1 1 | 1 -1 -1 -1 the
  // rectifier keeps the first five, and each spreads over 3x3 pixels.)
  const graph = build(
    { x: [1, 1, 4, 4] },
    [
      ['Conv', ['x', 'w', 'c'], ['maps']],
      ['Relu', ['maps'], ['rectified']],
      ['Reshape', ['rectified', 'flat'], ['vector']],
      ['Gemm', ['vector', 'm', 'n'], ['scores'], { transB: 1 }],
      ['Relu', ['scores'], ['y']],
    ],
    ['y'],
    {
      w: floats([2, 1, 3, 3], new Array<number>(18).fill(1)),
      c: floats([2], [-50, -75]),
      flat: integers(-1, 8),
      m: floats(
        [4, 8],
        Array.from({ length: 32 }, (_, i) => (i % 8 < 5 ? 1 : -1)),
      ),
      n: floats([4], [0, 0, 0, 0]),
    },
  );

  it('deconvnet', async () => {
    const product = vjp(graph, {
      cotangents: { y: { constant: floats([1, 4], [1, 0, 0, 0]) } },
      wrt: ['x'],
      rule: 'deconvnet',
    });
    const x = Float32Array.from({ length: 16 }, (_, i) => i);
    const results = await run(product.graph, { x });
    const rows = [
      [2, 3, 3, 1],
      [3, 5, 5, 2],
      [3, 5, 5, 2],
      [1, 2, 2, 1],
    ];
    expect(Array.from(results[product.gradients.x!]!)).toEqual(rows.flat());
  });
});
