import type { AttackNorm } from './ball.js';

/**
 * A step in the direction that climbs most within a distance: along the sign of the gradient for the largest change, along
 * the gradient itself for the Euclidean distance. Where the gradient is zero nothing moves.
 *
 * @param norm of the step
 * @param from an image
 * @param gradient direction upwards; its length does not matter
 * @param length of the step
 */
export function stepAlong(
  norm: AttackNorm,
  from: Float32Array,
  gradient: Float32Array | Float64Array,
  length: number,
): Float32Array {
  if (norm === 'linf') return from.map((value, i) => value + length * Math.sign(gradient[i]!));
  const size = lengthOf(gradient);
  const factor = size === 0 ? 0 : length / size;
  return from.map((value, i) => value + factor * gradient[i]!);
}

/** Euclidean length, safe from underflow. */
function lengthOf(gradient: Float32Array | Float64Array): number {
  let largest = 0;
  for (const value of gradient) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return 0;
  let sum = 0;
  for (const value of gradient) sum += (value / largest) ** 2;
  return largest * Math.sqrt(sum);
}
