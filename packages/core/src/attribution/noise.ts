import { fillNormal } from '@convlens/adapters/builders';

/**
 * Seeded normal noise for SmoothGrad, the same bits on every machine.
 *
 * @param seed any integer
 * @param count how many samples
 * @param length numbers in each
 * @param deviation standard deviation
 */
export function normalNoise(
  seed: number,
  count: number,
  length: number,
  deviation: number,
): Float32Array[] {
  return Array.from({ length: count }, (_, i) => {
    const sample = new Float32Array(length);
    fillNormal(sample, seed, `noise ${i}`, 0, deviation);
    return sample;
  });
}
