import type { Pixels } from '@convlens/data';

/** What was added to a picture, enlarged around mid grey so that it can be seen. */
export interface Amplified {
  readonly picture: Pixels;
  /** How many times it is enlarged. */
  readonly factor: number;
}

/**
 * The difference of two pictures, enlarged as far as nothing is cut off.
 *
 * @param original opaque
 * @param attacked of the same size
 */
export function amplified(original: Pixels, attacked: Pixels): Amplified {
  const { width, height } = original;
  let most = 0;
  for (let i = 0; i < original.data.length; i++) {
    most = Math.max(most, Math.abs(attacked.data[i]! - original.data[i]!));
  }
  const factor = most === 0 ? 1 : Math.max(1, Math.floor(127 / most));
  const data = new Uint8ClampedArray(original.data.length);
  for (let i = 0; i < data.length; i++) {
    data[i] = i % 4 === 3 ? 255 : 127.5 + factor * (attacked.data[i]! - original.data[i]!);
  }
  return { picture: { width, height, data }, factor };
}
