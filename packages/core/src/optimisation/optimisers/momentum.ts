import { float } from '../gpu/kernel.js';
import type { OptimiserKind } from './optimiser.js';
import { rate } from './rate.js';

/** Schema of `momentum`. */
export const momentumParameters = {
  rate,
  momentum: {
    kind: 'number',
    title: 'Momentum',
    unit: 'none',
    fallback: 0.9,
    low: 0,
    high: 0.9999,
  },
} as const;

/** m = momentum m + rate g, x + m (Mahendran and Vedaldi 2015). */
export const momentum: OptimiserKind<typeof momentumParameters> = {
  title: 'Momentum',
  source: 'Mahendran and Vedaldi 2015',
  parameters: momentumParameters,
  moments: 1,
  step({ momentum }, rate, parameters, gradient, moments) {
    const first = moments[0]!;
    for (let i = 0; i < parameters.length; i++) {
      first[i] = momentum * first[i]! + rate * gradient[i]!;
      parameters[i] = parameters[i]! + first[i]!;
    }
  },
  gpu: ({ momentum }) => ({
    move: () => `
  let m = ${float(momentum)} * first[i] + rate * g;
  first[i] = m;
  parameters[i] += m;`,
  }),
};
