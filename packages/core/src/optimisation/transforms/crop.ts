import { after } from './affine.js';
import type { TransformKind } from './transform.js';

const share = {
  kind: 'number',
  unit: 'none',
  required: true,
  low: 0.01,
  high: 1,
} as const;

/** Schema of `crop`. */
export const cropParameters = {
  from: { ...share, title: 'From', about: 'share of the image', fallback: 1 },
  to: { ...share, title: 'To', about: 'share of the image', fallback: 0.8 },
} as const;

/** A square window of a random size between two shares of the image, shown at the size of the input (MACO). */
export const crop: TransformKind<typeof cropParameters> = {
  title: 'Window',
  parameters: cropParameters,
  draw({ from, to }, { height, width, map, beyond }, random, input) {
    const side = (from + (to - from) * random.unit()) * Math.min(height, width);
    const factor = side / Math.min(...input);
    const [left, top] = [random.unit() * (width - side), random.unit() * (height - side)];
    const offset = 0.5 * factor - 0.5;
    return {
      map: after(map, [factor, 0, left + offset, 0, factor, top + offset]),
      height: input[0],
      width: input[1],
      beyond,
    };
  },
  gpu: { kernel: 'affine' },
};
