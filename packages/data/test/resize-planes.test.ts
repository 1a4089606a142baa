import { describe, expect, it } from 'vitest';
import { resizeBilinear, resizePlanes } from '../src/index.js';
import { renderSample } from '../src/samples/index.js';

const picture = renderSample('ladybug', 60);

/** The colours of a picture as planes. */
function planesOf({ width, height, data }: typeof picture): Float32Array {
  const plane = width * height;
  return Float32Array.from(
    { length: 3 * plane },
    (_, i) => data[(i % plane) * 4 + Math.floor(i / plane)]!,
  );
}

describe('planes of numbers', () => {
  it.each([
    [60, 60],
    [30, 20],
    [17, 41],
    [97, 120],
    [1, 1],
    [1, 90],
  ] as const)('become %i x %i as pictures do, but for their rounding', (rows, columns) => {
    const window = { left: 0, top: 0, width: 60, height: 60 };
    const expected = planesOf(resizeBilinear(picture, window, columns, rows));
    const found = resizePlanes(planesOf(picture), [60, 60], [rows, columns]);
    expect(found.length).toBe(expected.length);
    // Pictures are rounded to whole numbers after each of two passes.
    found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1.01));
  });

  it('of one value keep it, also beyond what bytes hold', () => {
    const planes = new Float32Array(2 * 7 * 5).fill(-1234.5);
    for (const size of [
      [3, 11],
      [14, 2],
    ] as const) {
      for (const value of resizePlanes(planes, [7, 5], size))
        expect(value / -1234.5).toBeCloseTo(1, 5);
    }
  });

  it('halved are means of their neighbourhoods, and keep their mean inside', () => {
    const line = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i));
    const half = resizePlanes(line, [1, 16], [1, 8]);
    for (let i = 1; i < 7; i++) {
      const weights = [1, 3, 3, 1];
      const mean = weights.reduce((sum, w, k) => sum + (w * line[2 * i - 1 + k]!) / 8, 0);
      expect(half[i]).toBeCloseTo(mean, 5);
    }
  });

  it('enlarged follow a ramp', () => {
    const ramp = Float32Array.from({ length: 6 }, (_, i) => i);
    const large = resizePlanes(ramp, [6, 1], [24, 1]);
    for (let i = 2; i < 22; i++) expect(large[i]).toBeCloseTo((i + 0.5) / 4 - 0.5, 5);
  });

  it('do not mix', () => {
    const planes = new Float32Array(3 * 16);
    planes.fill(1, 16, 32);
    const found = resizePlanes(planes, [4, 4], [7, 9]);
    expect([...found.subarray(0, 63)].every((value) => value === 0)).toBe(true);
    for (const value of found.subarray(63, 126)) expect(value).toBeCloseTo(1, 5);
    expect([...found.subarray(126)].every((value) => value === 0)).toBe(true);
  });
});
