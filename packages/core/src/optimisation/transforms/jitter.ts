import { after, shift } from './affine.js';
import type { TransformKind } from './transform.js';

/** Schema of `jitter`. */
export const jitterParameters = {
  pixels: {
    kind: 'number',
    title: 'Jitter',
    unit: 'count',
    required: true,
    fallback: 8,
    low: 0,
    high: 1000,
  },
} as const;

/** A window smaller by `pixels` at a random place, in whole pixels. */
export const jitter: TransformKind<typeof jitterParameters> = {
  title: 'Jitter',
  parameters: jitterParameters,
  draw: ({ pixels }, { height, width, map, beyond }, random) => ({
    map: after(map, shift(random.below(pixels + 1), random.below(pixels + 1))),
    height: height - pixels,
    width: width - pixels,
    beyond,
  }),
  gpu: { kernel: 'affine' },
};
