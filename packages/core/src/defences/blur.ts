import type { Defence } from './defence.js';
import { separable, type AxisMap } from './separable.js';

/** A Gaussian out to three deviations; beyond the edge the edge goes on. */
function gaussian(length: number, deviation: number): AxisMap {
  const reach = Math.max(1, Math.ceil(3 * deviation));
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * deviation ** 2)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from({ length }, (_, to) =>
    weights.map((weight, i) => {
      const from = Math.min(length - 1, Math.max(0, to + i - reach));
      return [from, weight / total] as const;
    }),
  );
}

/** Gaussian blur. It is linear: an attack sees through it exactly. */
export const blur: Defence = {
  id: 'blur',
  title: 'Blur',
  strength: { title: 'Deviation in pixels', fallback: 1, low: 0.1, high: 10 },
  random: false,
  pass: (image, shape, strength) =>
    separable(image, shape, gaussian(shape[1], strength), gaussian(shape[2], strength)),
};
