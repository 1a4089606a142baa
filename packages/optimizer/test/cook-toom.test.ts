import { describe, expect, it } from 'vitest';
import { transforms } from '../src/cook-toom.js';
import { noise } from './support/convolution.js';

const apply = (matrix: readonly (readonly number[])[], vector: readonly number[]): number[] =>
  matrix.map((row) => row.reduce((sum, factor, i) => sum + factor * vector[i]!, 0));

describe('F(tile, taps)', () => {
  it.each([
    [1, 1],
    [2, 3],
    [4, 3],
    [6, 3],
    [2, 5],
    [4, 5],
    [3, 2],
  ])('F(%i, %i) is a correlation', (tile, taps) => {
    const { points, input, filter, inverse } = transforms(tile, taps);
    expect(points).toBe(tile + taps - 1);
    const d = [...noise(points, tile)];
    const g = [...noise(taps, taps + 7)];
    const u = apply(filter, g);
    const products = apply(input, d).map((value, i) => value * u[i]!);
    const expected = Array.from({ length: tile }, (_, i) =>
      g.reduce((sum, value, tap) => sum + value * d[i + tap]!, 0),
    );
    apply(inverse, products).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 12));
  });

  it.each([2, 4, 6])('F(%i, 3) has transforms of data that float32 holds exactly', (tile) => {
    const { input, inverse } = transforms(tile, 3);
    for (const value of [...input.flat(), ...inverse.flat()]) {
      expect(Math.fround(value)).toBe(value);
    }
  });

  it('says when there are not enough nodes', () => {
    expect(() => transforms(7, 3)).toThrowError(
      expect.objectContaining({ code: 'E_ARGUMENT' }) as Error,
    );
  });
});
