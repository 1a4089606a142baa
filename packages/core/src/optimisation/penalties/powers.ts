import { float } from '../gpu/kernel.js';
import type { Penalised, PenaltyKind } from './penalty.js';

/** Schema of `l2`. */
export const l2Parameters = {
  weight: {
    kind: 'number',
    title: 'L2',
    about: 'weight of the squared distance to grey',
    unit: 'none',
    required: true,
    fallback: 0.001,
    low: 0,
    high: 1e6,
    control: [0, 1],
  },
} as const;

/** Schema of `alpha`. */
export const alphaParameters = {
  weight: {
    kind: 'number',
    title: 'Alpha norm',
    about: 'weight of a power of the distance to grey',
    unit: 'none',
    required: true,
    fallback: 0.001,
    low: 0,
    high: 1e6,
  },
  alpha: { kind: 'number', title: 'Alpha', unit: 'none', fallback: 6, low: 1, high: 12 },
} as const;

/** weight sum v^2 (Simonyan, Vedaldi and Zisserman 2013). */
export const l2: PenaltyKind<typeof l2Parameters> = {
  title: 'L2',
  source: 'Simonyan, Vedaldi and Zisserman 2013',
  parameters: l2Parameters,
  penalise: ({ weight }, picture, gradient) => power(2, weight, picture, gradient),
  gpu: ({ weight }) => ({
    value: () => `sum += ${float(weight)} * value * value;`,
    gradient: ({ unit }) => `
    sums[c] -= ${float((2 * weight) / unit)} * value;`,
  }),
};

/** weight sum |v|^alpha (Mahendran and Vedaldi 2015, section 3.1). */
export const alpha: PenaltyKind<typeof alphaParameters> = {
  title: 'Alpha norm',
  source: 'Mahendran and Vedaldi 2015, section 3.1',
  parameters: alphaParameters,
  penalise: ({ weight, alpha }, picture, gradient) => power(alpha, weight, picture, gradient),
  gpu: ({ weight, alpha }) => ({
    value: () => `sum += ${float(weight)} * power(value, ${float(alpha)});`,
    gradient: ({ unit }) => `
    if (value != 0) {
      sums[c] -= ${float((weight * alpha) / unit)} * sign(value) * pow(abs(value), ${float(alpha - 1)});
    }`,
  }),
};

function power(
  exponent: number,
  weight: number,
  { image, unit }: Penalised,
  gradient: Float32Array,
): number {
  let sum = 0;
  const factor = (weight * exponent) / unit;
  for (let i = 0; i < image.length; i++) {
    const value = image[i]! / unit;
    const size = Math.abs(value);
    if (size === 0) continue;
    const lower = exponent === 2 ? size : size ** (exponent - 1);
    sum += lower * size;
    gradient[i] = gradient[i]! - factor * Math.sign(value) * lower;
  }
  return weight * sum;
}
