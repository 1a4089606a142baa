import { describe, expect, it } from 'vitest';
import { build, floats, type Plain } from './support/build.js';
import { differenceError, tolerance } from './support/differences.js';

/** Values of one sign keep away from 0, where many functions have a kink. */
const awayFromZero = (v: number): number => v + 0.2 * Math.sign(v);
const positive = (v: number): number => 1.3 + v;
const inside = (v: number): number => 0.8 * v;

describe('elementwise functions of one input', () => {
  it.each<[string, Plain, (((v: number) => number) | undefined)?, number?]>([
    ['Abs', {}, awayFromZero],
    ['Acos', {}, inside],
    ['Acosh', {}, (v) => 2.5 + v],
    ['Asin', {}, inside],
    ['Asinh', {}],
    ['Atan', {}],
    ['Atanh', {}, inside],
    ['Celu', { alpha: { float: 0.7 } }, awayFromZero],
    ['Cos', {}],
    ['Cosh', {}],
    ['Elu', { alpha: { float: 0.7 } }, awayFromZero],
    ['Erf', {}],
    ['Exp', {}],
    ['Gelu', {}, undefined, 20],
    ['Gelu', { approximate: 'tanh' }, (v) => 2 * v, 20],
    ['HardSigmoid', { alpha: { float: 0.3 }, beta: { float: 0.4 } }, (v) => 4 * v],
    ['HardSwish', {}, (v) => 5 * v],
    ['LeakyRelu', { alpha: { float: 0.1 } }, awayFromZero],
    ['Log', {}, positive],
    ['Mish', {}, undefined, 18],
    ['Neg', {}],
    ['Reciprocal', {}, positive],
    ['Relu', {}, awayFromZero],
    ['Selu', {}, awayFromZero],
    ['Shrink', { lambd: { float: 0.5 }, bias: { float: 0.2 } }],
    ['Sigmoid', {}],
    ['Sin', {}],
    ['Sinh', {}],
    ['Softplus', {}],
    ['Softsign', {}, awayFromZero],
    ['Sqrt', {}, positive],
    ['Tan', {}, inside],
    ['Tanh', {}],
    ['ThresholdedRelu', { alpha: { float: 0.3 } }],
  ])('%s %j', async (op, attributes, domain = (v) => v, opset = 17) => {
    // Steps are small enough that no element crosses a kink with these seeds.
    const graph = build({ x: [2, 3, 4] }, [[op, ['x'], ['y'], attributes]], ['y'], {}, opset);
    expect(await differenceError(graph, { domain })).toBeLessThan(tolerance);
  });

  it('Clip, and its bounds', async () => {
    const graph = build(
      { x: [4, 5], low: [], high: [] },
      [['Clip', ['x', 'low', 'high'], ['y']]],
      ['y'],
    );
    const bounds: Record<string, number> = { low: -0.4, high: 0.4 };
    const far = (v: number): number => Math.sign(v) * (Math.abs(v) < 0.5 ? 0.2 : 0.8);
    const domain = (v: number, name: string): number => bounds[name] ?? far(v);
    expect(await differenceError(graph, { domain })).toBeLessThan(tolerance);
  });
});

describe('elementwise functions of several inputs, broadcast', () => {
  const shapes = { a: [2, 3, 4, 5], c: [3, 1, 5] };
  it.each(['Add', 'Sub', 'Mul', 'Sum', 'Mean', 'Max', 'Min'])('%s', async (op) => {
    const graph = build(shapes, [[op, ['a', 'c'], ['y']]], ['y']);
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it.each([['Div'], ['Pow']])('%s', async (op) => {
    const graph = build(shapes, [[op, ['a', 'c'], ['y']]], ['y']);
    expect(await differenceError(graph, { domain: positive })).toBeLessThan(tolerance);
  });

  it.each([-2, -1, -0.5, 0.5, 1, 1.5, 2, 3])('Pow with the constant exponent %d', async (e) => {
    const graph = build({ x: [3, 4] }, [['Pow', ['x', 'e'], ['y']]], ['y'], { e: floats([], [e]) });
    expect(await differenceError(graph, { domain: positive })).toBeLessThan(tolerance);
  });

  it('PRelu and its slope', async () => {
    const graph = build({ x: [2, 3, 4, 4], s: [3, 1, 1] }, [['PRelu', ['x', 's'], ['y']]], ['y']);
    expect(await differenceError(graph, { domain: awayFromZero })).toBeLessThan(tolerance);
  });

  it('Where', async () => {
    const graph = build(
      { x: [2, 3], c: [3] },
      [
        ['Greater', ['x', 'zero'], ['test']],
        ['Where', ['test', 'x', 'c'], ['y']],
      ],
      ['y'],
      { zero: floats([], [0]) },
    );
    expect(await differenceError(graph, { domain: awayFromZero })).toBeLessThan(tolerance);
  });
});
