import { describe, expect, it } from 'vitest';
import { float16ToFloat32, float32ToFloat16 } from '../src/index.js';

/** What a float16 means, from the definition of the format. */
function meaning(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 0x3ff;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

const all = Uint16Array.from({ length: 65536 }, (_, i) => i);

describe('float16', () => {
  it('every one of the 65,536 numbers is widened to what it means', () => {
    const wide = float16ToFloat32(all);
    for (const bits of all) {
      if (!Object.is(wide[bits], meaning(bits)))
        expect([bits, wide[bits]]).toEqual([bits, meaning(bits)]);
    }
  });

  it('widening and narrowing gives the same bits, a NaN stays one', () => {
    const back = float32ToFloat16(float16ToFloat32(all));
    for (const bits of all) {
      if (Number.isNaN(meaning(bits))) expect(Number.isNaN(meaning(back[bits] ?? 0))).toBe(true);
      else if (back[bits] !== bits) expect(back[bits]).toBe(bits);
    }
  });

  it('rounds to the nearest, and to even half way, from the smallest to the largest', () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const low = meaning(bits);
      const high = meaning(bits + 1);
      const half = (low + high) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      const got = float32ToFloat16(
        Float32Array.of(half, half * (1 - 2 ** -20), half * (1 + 2 ** -20), -half),
      );
      const want = [even, bits, bits + 1, even | 0x8000];
      if (got.join() !== want.join()) expect([...got]).toEqual(want);
    }
  });

  it.each([
    ['the largest', 65504, 0x7bff],
    ['just below the tie with infinity', 65519.996, 0x7bff],
    ['the tie with infinity', 65520, 0x7c00],
    ['too large', 1e30, 0x7c00],
    ['minus infinity', -Infinity, 0xfc00],
    ['half of the smallest', 2 ** -25, 0],
    ['just above half of the smallest', 2 ** -25 * 1.001, 1],
    ['too small', 1e-40, 0],
    ['minus zero', -0, 0x8000],
  ])('%s: %d', (_, value, bits) => {
    expect(float32ToFloat16(Float32Array.of(value))[0]).toBe(bits);
  });
});
