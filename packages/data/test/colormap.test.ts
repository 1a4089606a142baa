import { describe, expect, it } from 'vitest';
import {
  colorize,
  displayRange,
  divergingDark,
  divergingLight,
  sequential,
  type ColorTable,
} from '../src/index.js';

/** CIE lightness of an entry, 0..100. */
function lightness(table: ColorTable, index: number): number {
  const linear = [0, 1, 2].map((c) => {
    const v = table[index * 3 + c]! / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  const y = 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
  return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
}

describe('colour maps', () => {
  it('sequential: lightness rises all the way', () => {
    for (let i = 4; i < 256; i++) {
      expect(lightness(sequential, i)).toBeGreaterThanOrEqual(lightness(sequential, i - 4));
    }
    expect(lightness(sequential, 255) - lightness(sequential, 0)).toBeGreaterThan(70);
  });

  it.each([
    ['light', divergingLight, 1],
    ['dark', divergingDark, -1],
  ] as const)(
    'diverging (%s): zero is neutral, both arms move away from it evenly',
    (_, table, sign) => {
      for (const middle of [127, 128]) {
        const rgb = [...table.subarray(middle * 3, middle * 3 + 3)];
        expect(Math.max(...rgb) - Math.min(...rgb)).toBeLessThan(8);
      }
      for (let i = 8; i < 124; i++) {
        const step = lightness(table, i) - lightness(table, i - 8);
        const other = lightness(table, 255 - i) - lightness(table, 263 - i);
        expect(sign * step).toBeGreaterThan(-0.2);
        expect(sign * other).toBeGreaterThan(-0.2);
      }
      // The arms differ in blue against red for every reader: below zero blue leads, above zero red leads.
      expect(table[40 * 3 + 2]! - table[40 * 3]!).toBeGreaterThan(60);
      expect(table[215 * 3]! - table[215 * 3 + 2]!).toBeGreaterThan(60);
    },
  );

  it('keeps zero in the middle of a signed range and at the start of an unsigned one', () => {
    expect(displayRange(-1, 4)).toEqual({ low: -4, high: 4 });
    expect(displayRange(0, 4)).toEqual({ low: 0, high: 4 });
    expect(displayRange(0, 0)).toEqual({ low: 0, high: 1 });
  });

  it('samples planes at the size of the picture, marks NaN', () => {
    const values = Float32Array.of(9, 0, 1, NaN, 0.5);
    const out = { data: new Uint8ClampedArray(16), width: 2, height: 2 };
    colorize(values, { offset: 1, width: 2, height: 2 }, { low: 0, high: 1 }, sequential, out);
    expect([...out.data.subarray(0, 3)]).toEqual([...sequential.subarray(0, 3)]);
    expect([...out.data.subarray(4, 7)]).toEqual([...sequential.subarray(765, 768)]);
    expect([...out.data.subarray(8, 12)]).toEqual([255, 0, 255, 255]);
    expect([...out.data.subarray(12, 15)]).toEqual([...sequential.subarray(128 * 3, 128 * 3 + 3)]);
  });
});
