import type { Defence } from './defence.js';

/**
 * Fewer bits a colour: round((2^bits - 1) p) / (2^bits - 1).
 *
 * @see Xu, Evans and Qi, Feature squeezing, NDSS 2018
 */
export const bitDepth: Defence = {
  id: 'bit-depth',
  title: 'Bit depth',
  strength: { title: 'Bits', fallback: 4, low: 1, high: 8 },
  random: false,
  pass(image, _shape, strength) {
    const levels = 2 ** Math.round(strength) - 1;
    return { image: image.map((value) => Math.round(levels * value) / levels) };
  },
};
