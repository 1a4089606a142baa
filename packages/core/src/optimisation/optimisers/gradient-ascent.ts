import type { OptimiserKind } from './optimiser.js';
import { rate } from './rate.js';

/** Schema of `ascent`. */
export const ascentParameters = {
  rate,
  normalise: {
    kind: 'choice',
    title: 'Divided by',
    about: 'what the gradient is divided by',
    words: ['rms', 'mean', 'length', 'none'],
  },
} as const;

type Size = (typeof ascentParameters.normalise.words)[number];

/**
 * Gradient ascent: x + rate g / n. `normalise` says what n is: the root mean square of g (default), its mean
 * magnitude (DeepDream), its length, or 1.
 */
export const ascent: OptimiserKind<typeof ascentParameters> = {
  title: 'Gradient ascent',
  source: 'Simonyan, Vedaldi and Zisserman 2013',
  parameters: ascentParameters,
  moments: 0,
  step({ normalise }, rate, parameters, gradient) {
    const size = sizeOf(gradient, normalise);
    const factor = size > 0 ? rate / size : 0;
    for (let i = 0; i < parameters.length; i++) {
      parameters[i] = parameters[i]! + factor * gradient[i]!;
    }
  },
  gpu({ normalise }) {
    if (normalise === 'none') return { move: () => '\n  parameters[i] += rate * g;' };
    return {
      sum: normalise === 'mean' ? 'abs(gradient[i])' : 'gradient[i] * gradient[i]',
      move: (length) => {
        const sizes = {
          rms: `sqrt(sum / ${length})`,
          mean: `sum / ${length}`,
          length: 'sqrt(sum)',
        };
        return `
  if (sum > 0) { parameters[i] += rate / (${sizes[normalise]}) * g; }`;
      },
    };
  },
};

function sizeOf(gradient: Float32Array, kind: Size): number {
  if (kind === 'none') return 1;
  let sum = 0;
  if (kind === 'mean') {
    for (const value of gradient) sum += Math.abs(value);
    return sum / gradient.length;
  }
  for (const value of gradient) sum += value * value;
  return kind === 'rms' ? Math.sqrt(sum / gradient.length) : Math.sqrt(sum);
}
