import type { TensorData } from '@convlens/onnx';
import { relativeL2 } from './oracle.js';

type Tensor = TensorData<'float32'>;

/** How far an input is moved to find what hangs on rounding, in units of a standard deviation, as the references do. */
const NUDGE = 1e-6;
const NUDGES = 8;

/** Normal numbers, the same every time (Box and Muller over a linear congruential generator). */
function normal(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/**
 * Distance of a weighted mean of gradients from its reference, once the ReLUs and pools that stand on their kink have
 * fallen as they fell in the reference.
 *
 * One of the many points may have an activation within a rounding error of zero; which side it falls on depends on
 * the processor, and either is right. The other side is found by nudging that point by a millionth, and put in its
 * place if this brings the mean nearer. Nothing else is changed, so a wrong mean stays wrong.
 *
 * @param mine the mean as the program computed it
 * @param points where gradients were taken, each float32 `[1, C, H, W]`
 * @param gradient the gradient at a point
 * @param weight factor of each element of the mean
 * @param theirs the reference
 * @returns relative L2 distance, and at how many points a decision was turned
 */
export async function distanceUpToKinks(
  mine: ArrayLike<number>,
  points: readonly Tensor[],
  gradient: (point: Tensor) => Promise<ArrayLike<number>>,
  weight: (element: number) => number,
  theirs: ArrayLike<number>,
): Promise<{ distance: number; turned: number }> {
  const { length } = theirs;
  const mean = Float64Array.from(mine);
  const others: { readonly point: number; readonly change: Float64Array }[] = [];
  const next = normal(1);
  for (const [index, point] of points.entries()) {
    const here = await gradient(point);
    for (let i = 0; i < NUDGES; i++) {
      const there = await gradient({ ...point, data: point.data.map((v) => v + NUDGE * next()) });
      // Beside a kink a gradient is as good as constant.
      if (relativeL2(there, here) < 10 * NUDGE) continue;
      const change = new Float64Array(length);
      for (let k = 0; k < length; k++) {
        change[k] = (weight(k) * (there[k]! - here[k]!)) / points.length;
      }
      others.push({ point: index, change });
    }
  }
  let distance = relativeL2(mean, theirs);
  const turned = new Set<number>();
  for (;;) {
    const [best] = others
      .filter(({ point }) => !turned.has(point))
      .map(({ point, change }) => {
        const changed = mean.map((value, k) => value + change[k]!);
        return { point, change, distance: relativeL2(changed, theirs) };
      })
      .sort((a, b) => a.distance - b.distance);
    if (!best || best.distance >= distance) return { distance, turned: turned.size };
    for (let k = 0; k < length; k++) mean[k]! += best.change[k]!;
    turned.add(best.point);
    distance = best.distance;
  }
}
