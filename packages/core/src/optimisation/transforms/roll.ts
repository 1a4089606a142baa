import { after, shift } from './affine.js';
import type { TransformKind } from './transform.js';

/** Schema of `roll`. */
export const rollParameters = {
  pixels: {
    kind: 'number',
    title: 'Roll',
    unit: 'count',
    required: true,
    fallback: 8,
    low: 0,
    high: 10000,
  },
} as const;

/** The image shifted around the edges by up to `pixels`, in whole pixels. */
export const roll: TransformKind<typeof rollParameters> = {
  title: 'Roll',
  parameters: rollParameters,
  draw({ pixels }, { height, width, map }, random) {
    const offset = (): number => random.below(2 * pixels + 1) - pixels;
    return { map: after(map, shift(offset(), offset())), height, width, beyond: 'wrap' };
  },
  gpu: { offGpu: 'the kernel does not look at views that wrap around' },
};
