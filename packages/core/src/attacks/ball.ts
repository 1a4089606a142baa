/** Two ways to measure how far pixels moved: the largest change, or the root of the sum of squares. */
export const attackNorms = ['linf', 'l2'] as const;

/** Largest change of a pixel, or Euclidean distance. */
export type AttackNorm = (typeof attackNorms)[number];

/** Where an attacked image may be: around the original, and inside [0, 1]. */
export interface Ball {
  /**
   * Moves an image to the closest place inside, in float32: what comes out is inside to the last bit.
   *
   * @param image changed in place
   */
  project(image: Float32Array): Float32Array;
}

const bits = new Int32Array(1);
const number = new Float32Array(bits.buffer);

/** The float32 next to a positive one. */
function neighbour(value: number, step: 1 | -1): number {
  number[0] = value;
  bits[0]! += step;
  return number[0];
}

/** The float32 closest to a bound that is not beyond `reach` from `centre`, computed without rounding. */
function bound(centre: number, reach: number): number {
  if (reach === 0) return centre;
  let value = Math.fround(Math.min(1, Math.max(0, centre + reach)));
  while (Math.abs(value - centre) > Math.abs(reach)) value = neighbour(value, reach > 0 ? -1 : 1);
  return value;
}

/**
 * The pixels within epsilon of an image.
 *
 * @param norm how distance is measured
 * @param centre the original, in [0, 1]
 * @param eps radius in units of the pixels' range
 */
export function ballAround(norm: AttackNorm, centre: Float32Array, eps: number): Ball {
  if (norm === 'l2') return { project: (image) => projectL2(image, centre, eps) };
  const low = centre.map((value) => bound(value, -eps));
  const high = centre.map((value) => bound(value, eps));
  return {
    project(image) {
      for (let i = 0; i < image.length; i++) {
        const value = image[i]!;
        if (value < low[i]!) image[i] = low[i]!;
        else if (value > high[i]!) image[i] = high[i]!;
      }
      return image;
    },
  };
}

/**
 * Euclidean length of what two images differ by, in float64.
 *
 * @param image float32
 * @param centre float32, as long
 */
export function distance(image: ArrayLike<number>, centre: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < image.length; i++) sum += (image[i]! - centre[i]!) ** 2;
  return Math.sqrt(sum);
}

/** Shortens the perturbation, then clips to the box, which shortens it further. */
function projectL2(image: Float32Array, centre: Float32Array, eps: number): Float32Array {
  const length = distance(image, centre);
  const change = length > eps ? Float64Array.from(image, (v, i) => v - centre[i]!) : undefined;
  // Rounding to float32 may carry it out again by a trace, and then it is shortened by a trace more.
  for (let factor = eps / length, tries = 0; ; factor *= 1 - 1e-7 * 2 ** tries, tries++) {
    for (let i = 0; i < image.length; i++) {
      const value = change ? centre[i]! + factor * change[i]! : image[i]!;
      image[i] = Math.min(1, Math.max(0, value));
    }
    if (!change || distance(image, centre) <= eps) return image;
  }
}
