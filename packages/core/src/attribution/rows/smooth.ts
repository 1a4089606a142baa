import { smoothGrad } from '../attribution.js';
import type { AttributionDescription, AttributionRow } from '../methods.js';
import { normalNoise } from '../noise.js';
import { single } from './plain.js';

const parameters = {
  steps: { kind: 'number', title: 'Samples', unit: 'count', fallback: 50, low: 1, high: 1e6 },
  seed: {
    kind: 'number',
    title: 'Seed',
    unit: 'count',
    fallback: 0,
    low: 0,
    high: Number.MAX_SAFE_INTEGER,
  },
  noise: {
    kind: 'number',
    title: 'Noise',
    about: 'one deviation, as a part of the input’s range; the paper takes 0.1 to 0.2',
    unit: 'none',
    fallback: 0.15,
    low: 0,
    high: 10,
  },
} as const;

/** What is known of SmoothGrad. */
export const smoothDescription = {
  title: 'SmoothGrad',
  about: 'The mean derivative over noisy copies of the image.',
  source: 'Smilkov et al. 2017',
  parameters,
} as const satisfies AttributionDescription;

/** SmoothGrad at work. */
export const smooth: AttributionRow<typeof parameters> = async (task, settings) => {
  const { network, gradients, input, target, onStep } = task;
  let low = Infinity;
  let high = -Infinity;
  for (const value of input.data) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const deviation = settings.noise * (high - low);
  const noise = normalNoise(settings.seed, settings.steps, input.data.length, deviation);
  return single(await smoothGrad(network, gradients, input, target, noise, onStep));
};
