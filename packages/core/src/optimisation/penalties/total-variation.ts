import { float } from '../gpu/kernel.js';
import type { PenaltyKind } from './penalty.js';

/** Schema of `tv`. */
export const tvParameters = {
  weight: {
    kind: 'number',
    title: 'Smoothness',
    about: 'weight of the total variation',
    unit: 'none',
    required: true,
    fallback: 0.0005,
    low: 0,
    high: 1e6,
    control: [0, 1],
  },
  beta: { kind: 'number', title: 'Beta', unit: 'none', fallback: 2, low: 0.5, high: 6 },
} as const;

/** Keeps the gradient finite where neighbours are equal and beta is below 2. */
const FLAT = 1e-12;

/**
 * The total variation: weight sum ((v[y, x + 1] - v[y, x])^2 + (v[y + 1, x] - v[y, x])^2)^(beta / 2), inside the image
 * (Mahendran and Vedaldi 2015, equation 5).
 */
export const tv: PenaltyKind<typeof tvParameters> = {
  title: 'Total variation',
  source: 'Mahendran and Vedaldi 2015, equation 5',
  parameters: tvParameters,
  penalise({ weight, beta }, { image, extents, unit }, gradient) {
    const { channels, height, width } = extents;
    let sum = 0;
    const factor = (weight * beta) / (unit * unit);
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const at = (c * height + y) * width + x;
          const across = x + 1 < width ? image[at + 1]! - image[at]! : 0;
          const down = y + 1 < height ? image[at + width]! - image[at]! : 0;
          const square = (across * across + down * down) / (unit * unit);
          let outer = factor;
          if (beta === 2) sum += square;
          else {
            sum += square ** (beta / 2);
            outer *= (square + FLAT) ** (beta / 2 - 1);
          }
          gradient[at] = gradient[at]! + outer * (across + down);
          if (x + 1 < width) gradient[at + 1] = gradient[at + 1]! - outer * across;
          if (y + 1 < height) gradient[at + width] = gradient[at + width]! - outer * down;
        }
      }
    }
    return weight * sum;
  },
  gpu({ weight, beta }) {
    if (beta !== 2) return { offGpu: 'only the square of the total variation has a kernel' };
    return {
      value: ({ height, width }) => `{
    let across = select(f32(0), image[min(i + 1u, last)] / unit - value, at % ${width}u + 1u < ${width}u);
    let down = select(f32(0), image[min(i + ${width}u, last)] / unit - value, at / ${width}u + 1u < ${height}u);
    sum += ${float(weight)} * (across * across + down * down);
  }`,
      gradient: ({ height, width, unit }) => `
    {
      var apart = 0.0;
      if (x + 1u < ${width}u) { apart += image[i + 1u] - image[i]; }
      if (y + 1u < ${height}u) { apart += image[i + ${width}u] - image[i]; }
      if (x > 0u) { apart -= image[i] - image[i - 1u]; }
      if (y > 0u) { apart -= image[i] - image[i - ${width}u]; }
      sums[c] += ${float((2 * weight) / unit ** 2)} * apart;
    }`,
    };
  },
};
