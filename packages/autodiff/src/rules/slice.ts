import type { Rules } from '../rule.js';
import { flip, fromFront, pad, reshape } from '../shaping.js';

/** Which elements of an axis a Slice takes: `first`, `first + step`, ..., `count` of them, or backwards. */
interface Selection {
  readonly first: number;
  readonly step: number;
  readonly backwards: boolean;
}

function select(start: number, step: number, count: number, extent: number): Selection {
  const from = start < 0 ? start + extent : start;
  const first = step > 0 ? Math.max(from, 0) : Math.min(from, extent - 1);
  // A backward slice takes the same elements as a forward one from its last element.
  if (step < 0) return { first: first + (count - 1) * step, step: -step, backwards: true };
  return { first, step, backwards: false };
}

/**
 * Slice: dy where the elements came from, zeros elsewhere. A step of s puts s - 1 zeros between the elements; what was
 * read backwards is reversed first.
 */
export const slicing: Rules = {
  Slice: (step) => {
    const { b } = step;
    const shape = step.shape();
    const [starts, axes, steps] = [step.list(1), step.list(3), step.list(4)];
    const taken = b.shape(step.y);
    const selections = shape.map((): Selection => ({ first: 0, step: 1, backwards: false }));
    starts?.forEach((start, i) => {
      const axis = fromFront(axes?.[i] ?? i, shape.length);
      selections[axis] = select(start, steps?.[i] ?? 1, taken[axis]!, shape[axis]!);
    });
    let dx = flip(
      b,
      step.dy,
      selections.flatMap(({ backwards }, axis) => (backwards ? [axis] : [])),
    );
    selections.forEach(({ step: stride }, axis) => {
      if (stride === 1) return;
      const current = b.shape(dx);
      const [lead, rest] = [current.slice(0, axis), current.slice(axis + 1)];
      const apart = reshape(b, dx, [...lead, current[axis]!, 1, ...rest]);
      const none = b.shape(apart).map(() => 0);
      const spaced = pad(
        b,
        apart,
        none,
        none.map((n, i) => (i === axis + 1 ? stride - 1 : n)),
      );
      dx = reshape(b, spaced, [...lead, current[axis]! * stride, ...rest]);
    });
    const first = selections.map((selection) => selection.first);
    const behind = b.shape(dx).map((extent, axis) => shape[axis]! - first[axis]! - extent);
    return [pad(b, dx, first, behind)];
  },
};
