import { float } from '../gpu/kernel.js';
import type { OptimiserKind } from './optimiser.js';
import { rate } from './rate.js';

/** Schema of `adam`. */
export const adamParameters = { rate } as const;

/** Constants of the paper. */
const ADAM = { first: 0.9, second: 0.999, epsilon: 1e-8 } as const;

/** Kingma and Ba 2015, with their constants; the correction of the bias is in the rate. */
export const adam: OptimiserKind<typeof adamParameters> = {
  title: 'Adam',
  source: 'Kingma and Ba 2015',
  parameters: adamParameters,
  moments: 2,
  corrected: (rate, steps) =>
    (rate * Math.sqrt(1 - ADAM.second ** steps)) / (1 - ADAM.first ** steps),
  step(_settings, rate, parameters, gradient, moments) {
    const [first, second] = moments as [Float32Array, Float32Array];
    for (let i = 0; i < parameters.length; i++) {
      const g = gradient[i]!;
      const m = ADAM.first * first[i]! + (1 - ADAM.first) * g;
      const v = ADAM.second * second[i]! + (1 - ADAM.second) * g * g;
      first[i] = m;
      second[i] = v;
      parameters[i] = parameters[i]! + (rate * m) / (Math.sqrt(v) + ADAM.epsilon);
    }
  },
  gpu: () => ({
    move: () => `
  let m = ${float(ADAM.first)} * first[i] + ${float(1 - ADAM.first)} * g;
  let v = ${float(ADAM.second)} * second[i] + ${float(1 - ADAM.second)} * g * g;
  first[i] = m;
  second[i] = v;
  parameters[i] += rate * m / (sqrt(v) + ${float(ADAM.epsilon)});`,
  }),
};
