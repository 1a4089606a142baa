import type { Defence } from './defence.js';
import { separable, type AxisMap } from './separable.js';

/** Bilinear shrinking to `size` places that begin at `start`; black around them. */
function shrunk(length: number, size: number, start: number): AxisMap {
  return Array.from({ length }, (_, to) => {
    const at = to - start;
    if (at < 0 || at >= size) return [];
    const position = ((at + 0.5) * length) / size - 0.5;
    const below = Math.floor(position);
    const part = position - below;
    const inside = (i: number): number => Math.min(length - 1, Math.max(0, i));
    return [
      [inside(below), 1 - part],
      [inside(below + 1), part],
    ];
  });
}

/**
 * Random resizing and padding: the image is shrunk to a random size, not below the part `strength` of its own, and put
 * at a random place on black.
 *
 * @see Xie et al., Mitigating adversarial effects through randomization, ICLR 2018
 */
export const randomResize: Defence = {
  id: 'random-resize',
  title: 'Random resize',
  strength: { title: 'Smallest part', fallback: 0.8, low: 0.25, high: 1 },
  random: true,
  pass(image, shape, strength, random) {
    const [, height, width] = shape;
    const part = strength + (1 - strength) * random.uniform();
    const axis = (length: number): AxisMap => {
      const size = Math.max(1, Math.round(part * length));
      return shrunk(length, size, random.below(length - size + 1));
    };
    return separable(image, shape, axis(height), axis(width));
  },
};
