import type { Defence } from './defence.js';

/** Rounds of the dual method, and its step; 1/8 is the largest for which it is proved. */
const ROUNDS = 40;
const STEP = 1 / 8;

/**
 * Total variation minimisation: the image u that makes |u - p|^2 / 2 + strength * sum |grad u| least, of each colour by
 * itself, after 40 rounds of Chambolle's dual method.
 *
 * @see Guo et al., Countering adversarial images using input transformations, ICLR 2018
 * @see Chambolle, An algorithm for total variation minimization, JMIV 2004
 */
export const totalVariation: Defence = {
  id: 'tv',
  title: 'Total variation',
  strength: { title: 'Weight', fallback: 0.05, low: 0.001, high: 1 },
  random: false,
  pass(image, [channels, height, width], strength) {
    const out = image.slice();
    const plane = height * width;
    for (let c = 0; c < channels; c++) {
      const own = image.subarray(c * plane, (c + 1) * plane);
      out.set(denoised(own, height, width, strength), c * plane);
    }
    return { image: out.map((value) => Math.min(1, Math.max(0, value))) };
  },
};

function denoised(own: Float32Array, height: number, width: number, weight: number): Float32Array {
  const [across, down] = [new Float64Array(own.length), new Float64Array(own.length)];
  const divergence = new Float64Array(own.length);
  const diverge = (): void => {
    for (let i = 0; i < own.length; i++) {
      const x = i % width;
      const [left, above] = [x > 0 ? across[i - 1]! : 0, i >= width ? down[i - width]! : 0];
      divergence[i] = across[i]! - left + down[i]! - above;
    }
  };
  const level = (i: number): number => divergence[i]! - own[i]! / weight;
  for (let round = 0; round < ROUNDS; round++) {
    diverge();
    for (let i = 0; i < own.length; i++) {
      const here = level(i);
      const gx = i % width < width - 1 ? level(i + 1) - here : 0;
      const gy = i < (height - 1) * width ? level(i + width) - here : 0;
      const size = 1 + STEP * Math.hypot(gx, gy);
      across[i] = (across[i]! + STEP * gx) / size;
      down[i] = (down[i]! + STEP * gy) / size;
    }
  }
  diverge();
  return own.map((value, i) => value - weight * divergence[i]!);
}
