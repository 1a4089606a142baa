import { after, shift } from './affine.js';
import type { TransformKind } from './transform.js';

/** Schema of `pad`. */
export const padParameters = {
  pixels: {
    kind: 'number',
    title: 'Margin',
    unit: 'count',
    required: true,
    fallback: 12,
    low: 0,
    high: 1000,
  },
  value: { kind: 'number', title: 'Grey', unit: 'none', fallback: 0.5, low: 0, high: 1 },
} as const;

/** A margin on every side. It is grey, or what `value` says (0 to 1). */
export const pad: TransformKind<typeof padParameters> = {
  title: 'Margin',
  parameters: padParameters,
  draw: ({ pixels, value }, { height, width, map }) => ({
    height: height + 2 * pixels,
    width: width + 2 * pixels,
    map: after(map, shift(-pixels, -pixels)),
    beyond: value,
  }),
  gpu: { kernel: 'affine' },
};
