import { describe, expect, it } from 'vitest';
import { differentiate, dropoutMask, trainingMode, vjp, writeOut } from '../src/index.js';
import { build, countNodes, floats, integers } from './support/build.js';
import { differenceError, tolerance } from './support/differences.js';
import { noise, run } from './support/run.js';
import { inferShapes, type Graph, type TensorData } from '@convlens/onnx';

const classes = (shape: readonly number[], ...list: number[]): TensorData => ({
  ...integers(...list),
  shape,
});

describe('batch normalisation with the statistics of the batch', () => {
  const graph = (momentum = 0.9): Graph =>
    build(
      { x: [4, 3, 2, 5], scale: [3], bias: [3], mean: [3], variance: [3] },
      [
        [
          'BatchNormalization',
          ['x', 'scale', 'bias', 'mean', 'variance'],
          ['y', 'mean_next', 'variance_next'],
          { training_mode: 1, epsilon: { float: 1e-3 }, momentum: { float: momentum } },
        ],
      ],
      ['y'],
    );

  it('has the derivative that finite differences have, through the statistics', async () => {
    const wrt = ['x', 'scale', 'bias'];
    expect(await differenceError(graph(), { wrt })).toBeLessThan(tolerance);
    expect(await differenceError(graph(), { wrt, weights: ['scale', 'bias'] })).toBeLessThan(
      tolerance,
    );
    const flat = build(
      { x: [7, 3], scale: [3], bias: [3], mean: [3], variance: [3] },
      [
        [
          'BatchNormalization',
          ['x', 'scale', 'bias', 'mean', 'variance'],
          ['y', 'm', 'v'],
          { training_mode: 1 },
        ],
      ],
      ['y'],
    );
    expect(await differenceError(flat, { wrt })).toBeLessThan(tolerance);
  });

  it('is told by the outputs before version 14 of the operator set', () => {
    const old = (outputs: string[]): Graph =>
      build(
        { x: [4, 3, 2, 5], scale: [3], bias: [3], mean: [3], variance: [3] },
        [['BatchNormalization', ['x', 'scale', 'bias', 'mean', 'variance'], outputs]],
        outputs.slice(0, 2),
        {},
        9,
      );
    const options = { cotangents: { y: { input: 'dy' } }, wrt: ['x'] };
    const trained = vjp(old(['y', 'm', 'v', 'sm', 'sv']), options);
    expect(countNodes(trained.graph).ReduceMean).toBe(2);
    const fixed = vjp(old(['y']), options);
    expect(countNodes(fixed.graph).ReduceMean).toBeUndefined();
  });

  it.each(['unbiased', 'population'] as const)('moves running averages: %s', async (variance) => {
    const plain = build(
      { x: [2, 1, 1, 2] },
      [['BatchNormalization', ['x', 'scale', 'bias', 'mean', 'variance'], ['y']]],
      ['y'],
      {
        scale: floats([1], [1]),
        bias: floats([1], [0]),
        mean: floats([1], [10]),
        variance: floats([1], [4]),
      },
    );
    const { graph: made, running, averages } = trainingMode(plain, { variance, momentum: 0.75 });
    expect(running).toEqual({ mean: 'mean_next', variance: expect.any(String) as string });
    expect([...averages.keys()]).toEqual(['mean', 'variance']);
    const results = await run(writeOut(made), {
      x: Float32Array.of(1, 2, 3, 6),
      mean: Float32Array.of(10),
      variance: Float32Array.of(4),
    });
    // Mean 3, squares of the differences 4 + 1 + 0 + 9.
    expect(results.mean_next![0]).toBeCloseTo(0.75 * 10 + 0.25 * 3, 6);
    const current = 14 / (variance === 'unbiased' ? 3 : 4);
    expect(results[running.variance!]![0]).toBeCloseTo(0.75 * 4 + 0.25 * current, 6);
  });
});

describe('dropout', () => {
  const graph = build(
    { x: [2, 50] },
    [
      ['Dropout', ['x', 'ratio'], ['d']],
      ['Mul', ['d', 'd'], 'y'.split('')],
    ],
    ['y'],
    { ratio: floats([], [0.2]) },
  );

  it('multiplies with a mask that is fed, and so does its derivative', async () => {
    const { graph: made, masks } = trainingMode(graph);
    expect(masks).toEqual([
      { input: 'd_mask', shape: [2, 50], ratio: expect.closeTo(0.2) as number },
    ]);
    const mask = dropoutMask(masks[0]!, 7, 3).data;
    const x = noise(100);
    const product = vjp(made, { cotangents: { y: { input: 'dy' } }, wrt: ['x'] });
    const feeds = { x, d_mask: mask, dy: new Float32Array(100).fill(1) };
    const dx = (await run(product.graph, feeds))[product.gradients.x!]!;
    for (let i = 0; i < 100; i++) expect(dx[i]).toBeCloseTo((2 * x[i]! * mask[i]!) / 0.64, 5);
  });

  it('makes the same mask of seed, step and name, and another of another', () => {
    const mask = { input: 'd_mask', shape: [100, 100], ratio: 0.25 };
    const [one, same, step, seed, name] = [
      dropoutMask(mask, 7, 3),
      dropoutMask(mask, 7, 3),
      dropoutMask(mask, 7, 4),
      dropoutMask(mask, 8, 3),
      dropoutMask({ ...mask, input: 'e_mask' }, 7, 3),
    ].map(({ data }) => data);
    expect(same).toEqual(one);
    const agree = (other: Float32Array): number =>
      one!.reduce((sum, v, i) => sum + Number(v === other[i]), 0) / 1e4;
    // Two independent masks agree in .75^2 + .25^2 = .625 of the places; deviation .005.
    for (const other of [step, seed, name])
      expect(Math.abs(agree(other!) - 0.625)).toBeLessThan(0.03);
    expect(Math.abs(one!.reduce((sum, v) => sum + v, 0) / 1e4 - 0.75)).toBeLessThan(0.02);
  });
});

describe('losses over classes', () => {
  const weights = floats([4], [0.5, 2, 1, 1.5]);
  const cases = [
    ['SoftmaxCrossEntropyLoss', [3, 4], classes([3], 1, 3, 0)],
    ['NegativeLogLikelihoodLoss', [3, 4], classes([3], 1, 3, 0)],
    ['SoftmaxCrossEntropyLoss', [2, 4, 3], classes([2, 3], 1, 3, 0, 2, 2, 1)],
    ['NegativeLogLikelihoodLoss', [2, 4, 1, 3], classes([2, 1, 3], 1, 3, 0, 2, 2, 1)],
  ] as const;
  const kinds = ['none', 'sum', 'mean'].flatMap((reduction) =>
    [{}, { ignore_index: 3 }, { ignore_index: 3, weighted: 1 }, { weighted: 1 }].map(
      (more: { ignore_index?: number; weighted?: number }) => ({ reduction, ...more }),
    ),
  );

  it.each(cases.flatMap(([op, x, t]) => kinds.map((kind) => [op, x, t, kind] as const)))(
    '%s %j: derivatives are those of finite differences',
    async (op, shape, target, { weighted, ...attributes }) => {
      const graph = build(
        { x: shape },
        [[op, ['x', 't', ...(weighted ? ['w'] : [])], ['y'], attributes]],
        ['y'],
        { t: target, w: weights },
      );
      expect(await differenceError(graph)).toBeLessThan(tolerance);
    },
  );

  it('passes the derivative of log probabilities that are used too', async () => {
    const graph = build(
      { x: [3, 4] },
      [
        ['SoftmaxCrossEntropyLoss', ['x', 't'], ['loss', 'logs'], { reduction: 'sum' }],
        ['Mul', ['logs', 'loss'], ['y']],
      ],
      ['y'],
      { t: classes([3], 1, 3, 0) },
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it('does not turn into rounding noise where a network is sure', async () => {
    const graph = build({ x: [1, 3] }, [['SoftmaxCrossEntropyLoss', ['x', 't'], ['y']]], ['y'], {
      t: classes([1], 0),
    });
    const { graph: made, gradients } = differentiate(graph, { of: 'y', wrt: ['x'] });
    const dx = (await run(made, { x: Float32Array.of(30, 0, 2) }))[gradients.x!]!;
    const others = [Math.exp(-30), Math.exp(-28)];
    const sum = 1 + others[0]! + others[1]!;
    const expected = [-(others[0]! + others[1]!) / sum, others[0]! / sum, others[1]! / sum];
    expected.forEach((value, i) => expect(dx[i]! / value).toBeCloseTo(1, 5));
  });

  it('counts no class that has no chance against another', async () => {
    const graph = build({ x: [1, 2] }, [['NegativeLogLikelihoodLoss', ['x', 't'], ['y']]], ['y'], {
      t: classes([1], 0),
    });
    expect((await run(writeOut(graph), { x: Float32Array.of(-2, -Infinity) })).y![0]).toBe(2);
  });

  it('says which shapes do not go together', () => {
    const graph = build({ x: [3, 4] }, [['Relu', ['x'], ['r']]], ['r'], { t: classes([2], 0, 1) });
    const nodes = [
      ...graph.nodes,
      {
        ...{ name: 'loss', op: 'SoftmaxCrossEntropyLoss', domain: '', inputs: ['r', 't'] },
        ...{ outputs: ['y'], attributes: {} },
      },
    ];
    expect(() => inferShapes({ ...graph, nodes })).toThrow(/\[3\], got \[2\]/);
  });
});

describe('weights as inputs', () => {
  it('leaves nothing of what they were in the graph', async () => {
    const graph = build(
      { x: [2, 3, 5, 5] },
      [
        ['Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }],
        ['Relu', ['c'], ['r']],
        ['Conv', ['r', 'v'], ['y']],
        ['ReduceSum', ['y'], ['s'], { keepdims: 0 }],
      ],
      ['s'],
      { w: floats([4, 3, 3, 3], [...noise(108, 3)]), v: floats([2, 4, 3, 3], [...noise(72, 4)]) },
    );
    const wrt = ['w', 'v'];
    const fixed = differentiate(graph, { of: 's', wrt });
    const open = differentiate(graph, { of: 's', wrt, weights: 'inputs' });
    expect(open.graph.inputs.map(({ name }) => name)).toEqual(['x', 'w', 'v']);
    const x = noise(150);
    const [w, v] = [noise(108, 5), noise(72, 6)];
    const initializers = new Map([
      ...fixed.graph.initializers,
      ['w', floats([4, 3, 3, 3], [...w])],
      ['v', floats([2, 4, 3, 3], [...v])],
    ] as const);
    const moved = differentiate({ ...graph, initializers }, { of: 's', wrt });
    const expected = await run(moved.graph, { x });
    const found = await run(open.graph, { x, w, v });
    for (const name of wrt) {
      const [a, b] = [found[open.gradients[name]!]!, expected[moved.gradients[name]!]!];
      a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 4));
    }
  });
});
