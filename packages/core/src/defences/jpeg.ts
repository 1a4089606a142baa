import type { Defence } from './defence.js';

/** Quantisation at quality 50 (ITU-T T.81, annex K), luma and chroma. */
const LUMA = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
  14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
  92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMA_CORNER = [17, 18, 24, 47, 18, 21, 26, 66, 24, 26, 56, 99, 47, 66, 99, 99];
const CHROMA = Array.from({ length: 64 }, (_, i) => {
  const [y, x] = [i >> 3, i & 7];
  return y < 4 && x < 4 ? CHROMA_CORNER[y * 4 + x]! : 99;
});

/** BASIS[u][x]: the orthonormal cosine transform of eight values. */
const BASIS = Array.from({ length: 8 }, (_, u) =>
  Array.from(
    { length: 8 },
    (_, x) => Math.sqrt(u === 0 ? 1 / 8 : 1 / 4) * Math.cos(((2 * x + 1) * u * Math.PI) / 16),
  ),
);

/**
 * What JPEG loses: colours as luma and chroma, the cosine transform of blocks of 8 x 8, quantised for a quality, and
 * back, rounded to 8 bits. Chroma keeps its resolution, and of the file format there is nothing.
 *
 * @see Dziugaite, Ghahramani and Roy, A study of the effect of JPG compression on adversarial images, 2016
 */
export const jpeg: Defence = {
  id: 'jpeg',
  title: 'JPEG',
  strength: { title: 'Quality', fallback: 50, low: 1, high: 100 },
  random: false,
  pass(image, [channels, height, width], strength) {
    const scale = strength < 50 ? 5000 / strength : 200 - 2 * strength;
    const table = (base: readonly number[]): number[] =>
      base.map((q) => Math.min(255, Math.max(1, Math.floor((q * scale + 50) / 100))));
    const plane = height * width;
    const bytes = Array.from({ length: channels }, (_, c) =>
      Float64Array.from(image.subarray(c * plane, (c + 1) * plane), (v) => Math.round(255 * v)),
    );
    const coded = channels === 3 ? toLuma(bytes) : bytes;
    const lossy = coded.map((values, c) =>
      blocks(values, height, width, table(c === 0 ? LUMA : CHROMA)),
    );
    const back = channels === 3 ? fromLuma(lossy) : lossy;
    const out = new Float32Array(image.length);
    back.forEach((values, c) => {
      values.forEach((value, i) => {
        out[c * plane + i] = Math.min(255, Math.max(0, Math.round(value))) / 255;
      });
    });
    return { image: out };
  },
};

/** JFIF's luma and chroma, chroma around 128. */
function toLuma([r, g, b]: readonly Float64Array[]): Float64Array[] {
  const mix = (kr: number, kg: number, kb: number, shift: number): Float64Array =>
    r!.map((value, i) => kr * value + kg * g![i]! + kb * b![i]! + shift);
  return [
    mix(0.299, 0.587, 0.114, 0),
    mix(-0.168736, -0.331264, 0.5, 128),
    mix(0.5, -0.418688, -0.081312, 128),
  ];
}

function fromLuma([y, cb, cr]: readonly Float64Array[]): Float64Array[] {
  const mix = (kb: number, kr: number): Float64Array =>
    y!.map((value, i) => value + kb * (cb![i]! - 128) + kr * (cr![i]! - 128));
  return [mix(0, 1.402), mix(-0.344136, -0.714136), mix(1.772, 0)];
}

/** Quantises all blocks; where a block sticks out, the edge goes on. */
function blocks(
  values: Float64Array,
  height: number,
  width: number,
  table: readonly number[],
): Float64Array {
  const out = new Float64Array(values.length);
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      const block = Float64Array.from({ length: 64 }, (_, i) => {
        const y = Math.min(height - 1, top + (i >> 3));
        const x = Math.min(width - 1, left + (i & 7));
        return values[y * width + x]! - 128;
      });
      const sizes = transform(block, false).map((v, i) => Math.round(v / table[i]!) * table[i]!);
      const back = transform(sizes, true);
      for (let i = 0; i < 64; i++) {
        const [y, x] = [top + (i >> 3), left + (i & 7)];
        if (y < height && x < width) out[y * width + x] = back[i]! + 128;
      }
    }
  }
  return out;
}

/** The cosine transform of a block over both axes, or its inverse. */
function transform(block: Float64Array, inverse: boolean): Float64Array {
  const weight = (to: number, from: number): number =>
    inverse ? BASIS[from]![to]! : BASIS[to]![from]!;
  const pass = (values: Float64Array): Float64Array =>
    // Turns rows to columns on the way, so that twice the same does both.
    Float64Array.from({ length: 64 }, (_, i) => {
      const [to, line] = [i >> 3, i & 7];
      let sum = 0;
      for (let from = 0; from < 8; from++) sum += weight(to, from) * values[line * 8 + from]!;
      return sum;
    });
  return pass(pass(block));
}
