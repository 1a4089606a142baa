import type { Rules } from '../rule.js';
import { reduce, reshape, sumTo } from '../shaping.js';

/** Operators that repeat a value: the sum of dy over the copies. */
export const repetition: Rules = {
  Expand: (step) => [sumTo(step.b, step.dy, step.shape())],
  Tile: (step) => {
    const { b } = step;
    const shape = step.shape();
    const repeats = b.shape(step.y).map((extent, axis) => extent / shape[axis]!);
    const apart = shape.flatMap((extent, axis) => [repeats[axis]!, extent]);
    const copies = repeats.flatMap((count, axis) => (count === 1 ? [] : [2 * axis]));
    const summed = reduce(b, 'ReduceSum', reshape(b, step.dy, apart), copies);
    return [reshape(b, summed, shape)];
  },
};
