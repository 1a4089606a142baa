import { after } from './affine.js';
import type { TransformKind } from './transform.js';

/** Schema of `scale`. */
export const scaleParameters = {
  factors: {
    kind: 'numbers',
    title: 'Factors',
    required: true,
    fallback: [0.9, 1, 1.1],
    low: 0.05,
    high: 20,
    most: 1000,
  },
} as const;

/** A zoom by one of the factors. */
export const scale: TransformKind<typeof scaleParameters> = {
  title: 'Zoom',
  parameters: scaleParameters,
  draw({ factors }, { height, width, map, beyond }, random) {
    const factor = factors[random.below(factors.length)] ?? 1;
    // Pixel centres: (x + 0.5) / factor - 0.5.
    const offset = 0.5 / factor - 0.5;
    return {
      map: after(map, [1 / factor, 0, offset, 0, 1 / factor, offset]),
      height: Math.round(height * factor),
      width: Math.round(width * factor),
      beyond,
    };
  },
  gpu: { kernel: 'affine' },
};
