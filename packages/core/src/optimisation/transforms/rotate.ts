import { after } from './affine.js';
import type { TransformKind } from './transform.js';

/** Schema of `rotate`. */
export const rotateParameters = {
  degrees: {
    kind: 'numbers',
    title: 'Angles',
    about: 'degrees',
    required: true,
    fallback: [-10, 0, 10],
    low: -180,
    high: 180,
    most: 1000,
  },
} as const;

/** A turn by one of the angles, in degrees. */
export const rotate: TransformKind<typeof rotateParameters> = {
  title: 'Turn',
  parameters: rotateParameters,
  draw({ degrees }, { height, width, map, beyond }, random) {
    const angle = ((degrees[random.below(degrees.length)] ?? 0) * Math.PI) / 180;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
    const turn = [cos, -sin, cx - cos * cx + sin * cy, sin, cos, cy - sin * cx - cos * cy] as const;
    return { map: after(map, turn), height, width, beyond };
  },
  gpu: { kernel: 'affine' },
};
