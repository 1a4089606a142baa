import { describe, expect, it } from 'vitest';
import { simplify, type Graph, type TensorData } from '../src/index.js';
import { difference, floats, info, net, node, ops, random, without } from './build.js';

describe('batch normalisation goes into the convolution before it', () => {
  const x = [2, 3, 5, 5];
  const weights = (bias: boolean): Record<string, TensorData> => ({
    w: random(1, [4, 3, 3, 3]),
    ...(bias ? { b: random(2, [4]) } : {}),
    scale: random(3, [4]),
    offset: random(4, [4]),
    mean: random(5, [4]),
    variance: { dtype: 'float32', shape: [4], data: Float32Array.of(0.5, 1, 2, 1e-6) },
  });
  const statistics = ['scale', 'offset', 'mean', 'variance'];
  const conv = (bias: boolean) => node('Conv', bias ? ['x', 'w', 'b'] : ['x', 'w'], ['c']);
  const bn = node('BatchNormalization', ['c', ...statistics], ['y'], {
    epsilon: { type: 'float', value: 1e-3 },
  });

  it.each([true, false])('with a bias: %s', async (bias) => {
    const g = net([conv(bias), bn], weights(bias), x);
    const before = structuredClone(g.initializers.get('w'));
    const simple = simplify(g);
    expect(ops(simple)).toEqual(['Conv']);
    expect(simple.nodes[0]?.name).toBe('Conv:c');
    expect(simple.nodes[0]?.inputs.slice(0, 2)).toEqual(['x', 'w']);
    expect(simple.initializers.size).toBe(2);
    expect(await difference(g, simple, x)).toBeLessThan(1e-6);
    expect(g.initializers.get('w')).toEqual(before);
  });

  it.each<[string, Graph]>([
    [
      'another node reads the convolution',
      net([conv(true), bn, node('Relu', ['c'], ['z'])], weights(true), x, ['y', 'z']),
    ],
    ['the convolution is an output', net([conv(true), bn], weights(true), x, ['y', 'c'])],
    [
      'it is in training mode',
      net(
        [
          conv(true),
          {
            ...bn,
            outputs: ['y', 'm', 'v'],
            attributes: { training_mode: { type: 'int', value: 1 } },
          },
        ],
        weights(true),
        x,
      ),
    ],
    [
      'its statistics are inputs',
      {
        ...net([conv(true), bn], weights(true), x),
        inputs: [info('x', x), info('mean', [4])],
        initializers: new Map(Object.entries(without(weights(true), 'mean'))),
      },
    ],
    [
      'the weights are computed',
      net(
        [
          node('ReduceMean', ['x'], ['s'], { keepdims: 0 }),
          node('Mul', ['v', 's'], ['w']),
          conv(true),
          bn,
        ],
        { ...without(weights(true), 'w'), v: floats([4, 3, 3, 3]) },
        x,
      ),
    ],
  ])('not when %s', (_, g) => {
    expect(ops(simplify(g))).toContain('BatchNormalization');
  });

  it('not when the value is to be kept', () => {
    expect(ops(simplify(net([conv(true), bn], weights(true), x), { keep: ['c'] }))).toHaveLength(2);
  });

  it('weights that two convolutions share are not changed for the other', async () => {
    const g = net([conv(true), bn, node('Conv', ['x', 'w', 'b'], ['z'])], weights(true), x, [
      'y',
      'z',
    ]);
    const simple = simplify(g);
    expect(ops(simple)).toEqual(['Conv', 'Conv']);
    expect(simple.nodes.map(({ inputs }) => inputs[1])).toEqual(['w_scaled', 'w']);
    expect(await difference(g, simple, x)).toBeLessThan(1e-6);
  });

  it('a chain of Conv and Add of one number a channel becomes a bias', async () => {
    for (const shape of [[4, 1, 1], [1, 4, 1, 1], [1], []]) {
      const g = net(
        [conv(false), node('Add', ['k', 'c'], ['y'])],
        { ...weights(false), k: random(9, shape) },
        x,
      );
      const simple = simplify(g);
      expect(ops(simple)).toEqual(['Conv']);
      expect(await difference(g, simple, x)).toBeLessThan(1e-6);
    }
    for (const shape of [[3], [4, 3, 3], [1, 1, 4, 1, 1], [2, 1, 1, 1]]) {
      const g = net(
        [conv(false), node('Add', ['c', 'k'], ['y'])],
        { ...weights(false), k: random(9, shape) },
        x,
      );
      expect(ops(simplify(g))).toEqual(['Conv', 'Add']);
    }
  });
});
