import { describe, expect, it } from 'vitest';
import { build, type Plain } from './support/build.js';
import { vjp } from '../src/index.js';
import { differenceError, tolerance } from './support/differences.js';

const away = (v: number): number => v + 0.2 * Math.sign(v);

describe('normalisations', () => {
  it('InstanceNormalization', async () => {
    const graph = build(
      { x: [2, 3, 4, 5], scale: [3], bias: [3] },
      [['InstanceNormalization', ['x', 'scale', 'bias'], ['y']]],
      ['y'],
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it.each([
    [[2, 3, 4, 5], -1, [5]],
    [[2, 3, 4, 5], 2, [4, 5]],
    [[2, 3, 4, 5], 1, [3, 4, 5]],
    [[7, 6], 1, [6]],
  ])('LayerNormalization of %j from axis %i', async (x, axis, scale) => {
    const graph = build(
      { x, scale, bias: scale },
      [['LayerNormalization', ['x', 'scale', 'bias'], ['y'], { axis, epsilon: { float: 1e-3 } }]],
      ['y'],
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
    const without = build(
      { x, scale },
      [['LayerNormalization', ['x', 'scale'], ['y'], { axis }]],
      ['y'],
    );
    expect(await differenceError(without)).toBeLessThan(tolerance);
  });

  it.each([
    [18, 2],
    [21, 6],
  ])('GroupNormalization of opset %i, %i numbers of scale', async (opset, scales) => {
    const graph = build(
      { x: [2, 6, 3, 4], scale: [scales], bias: [scales] },
      [['GroupNormalization', ['x', 'scale', 'bias'], ['y'], { num_groups: 2 }]],
      ['y'],
      {},
      opset,
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it('RMSNormalization', async () => {
    const graph = build(
      { x: [3, 4, 5], scale: [5] },
      [['RMSNormalization', ['x', 'scale'], ['y'], { epsilon: { float: 1e-3 } }]],
      ['y'],
      {},
      23,
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it.each([{}, { axes: [2, 3] }])('MeanVarianceNormalization %j', async (attributes) => {
    const graph = build(
      { x: [2, 3, 4, 5] },
      [['MeanVarianceNormalization', ['x'], ['y'], attributes]],
      ['y'],
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it.each([1, 2])('LpNormalization, p = %i', async (p) => {
    const graph = build(
      { x: [3, 4, 5] },
      [['LpNormalization', ['x'], ['y'], { p, axis: 1 }]],
      ['y'],
    );
    expect(await differenceError(graph, { domain: away })).toBeLessThan(tolerance);
  });
});

describe('Lp pooling', () => {
  const forms: [string, number[], Plain][] = [
    ['side by side', [2, 3, 6, 8], { kernel_shape: [2, 2], strides: [2, 2] }],
    [
      'overlapping, padded',
      [1, 2, 7, 8],
      { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
    ],
    ['stride 1', [1, 2, 6, 5], { kernel_shape: [3, 2] }],
  ];
  it('with windows that only ceil_mode adds is refused by name', () => {
    const attributes = { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 };
    const derive = (x: number[]): unknown =>
      vjp(build({ x }, [['LpPool', ['x'], ['y'], attributes]], ['y'], {}, 18), {
        cotangents: { y: { input: 'dy' } },
        wrt: ['x'],
      });
    expect(() => derive([1, 2, 8, 7])).toThrow(/LpPool .*its ceil_mode adds windows/);
    expect(() => derive([1, 2, 7, 7])).not.toThrow();
  });

  describe.each([1, 2, 3])('p = %i', (p) => {
    it.each(forms)('LpPool %s', async (_, x, attributes) => {
      const graph = build({ x }, [['LpPool', ['x'], ['y'], { ...attributes, p }]], ['y']);
      expect(await differenceError(graph, { domain: away })).toBeLessThan(tolerance);
    });

    it('GlobalLpPool', async () => {
      const graph = build({ x: [2, 3, 4, 5] }, [['GlobalLpPool', ['x'], ['y'], { p }]], ['y']);
      expect(await differenceError(graph, { domain: away })).toBeLessThan(tolerance);
    });
  });
});
