import { stringAttribute } from '@convlens/onnx';
import { applyTransposed, emptyMatrix } from '../linear-map.js';
import type { Rules, Step } from '../rule.js';
import { subtract } from '../algebra.js';
import { fromFront, pad, sumTo } from '../shaping.js';

/** Which element of an axis a padded position shows. */
function sourceOf(mode: string, position: number, extent: number): number {
  if (mode === 'edge') return Math.min(Math.max(position, 0), extent - 1);
  if (mode === 'wrap') return ((position % extent) + extent) % extent;
  const period = Math.max(2 * (extent - 1), 1);
  const at = ((position % period) + period) % period;
  return at < extent ? at : period - at;
}

function padsOf(step: Step): { before: number[]; after: number[] } {
  const rank = step.shape().length;
  const pads = step.list(1) ?? [];
  const given = step.list(3);
  const axes =
    given?.map((axis) => fromFront(axis, rank)) ?? Array.from(pads.slice(rank), (_, i) => i);
  const [before, after] = [0, axes.length].map((offset) => {
    const list = new Array<number>(rank).fill(0);
    axes.forEach((axis, i) => (list[axis] = pads[offset + i]!));
    return list;
  }) as [number[], number[]];
  return { before, after };
}

/** dy with its inside taken away element by element, as a difference of two sums would round what is left; then its sum. */
function constantValue(step: Step, before: readonly number[], after: readonly number[]): string {
  const { b, dy } = step;
  const added = (counts: readonly number[]): number[] => counts.map((n) => Math.max(n, 0));
  const [front, back] = [added(before), added(after)];
  const taken = (counts: readonly number[]): number[] => counts.map((n) => (n === 0 ? 0 : -n));
  const inside = pad(b, pad(b, dy, taken(front), taken(back)), front, back);
  return sumTo(b, subtract(b, dy, inside), step.shape(2));
}

/**
 * Pad: dy without what was added; the constant value gets the sum of dy over what was added. In the modes that repeat elements (reflect, edge, wrap), every element gets the sum
 * of dy over the positions that show it: a matrix of zeros and ones along each padded axis.
 */
export const padding: Rules = {
  Pad: (step) => {
    const { b, dy, node } = step;
    const mode = stringAttribute(node, 'mode', 'constant');
    const { before, after } = padsOf(step);
    const negated = (list: readonly number[]): number[] => list.map((n) => (n === 0 ? 0 : -n));
    if (mode === 'constant') {
      const dx = pad(b, dy, negated(before), negated(after));
      return step.needs(2) ? [dx, undefined, constantValue(step, before, after)] : [dx];
    }
    let dx = dy;
    step.shape().forEach((extent, axis) => {
      if (before[axis] === 0 && after[axis] === 0) return;
      const matrix = emptyMatrix(extent + before[axis]! + after[axis]!, extent);
      for (let row = 0; row < matrix.rows; row++) {
        matrix.data[row * extent + sourceOf(mode, row - before[axis]!, extent)] = 1;
      }
      dx = applyTransposed(b, dx, axis, matrix, `${mode}_pad`);
    });
    return [dx];
  },
};
