import type { KindOf } from '../../schema/parameter.js';
import { crop, cropParameters } from './crop.js';
import { jitter, jitterParameters } from './jitter.js';
import { pad, padParameters } from './pad.js';
import { roll, rollParameters } from './roll.js';
import { rotate, rotateParameters } from './rotate.js';
import { scale, scaleParameters } from './scale.js';
import type { TransformKind } from './transform.js';

/** The schemas of all transforms, apart from their rows: checks need no more. */
export const transformParameters = {
  pad: padParameters,
  jitter: jitterParameters,
  roll: rollParameters,
  scale: scaleParameters,
  rotate: rotateParameters,
  crop: cropParameters,
} as const;

/** A transform as recipes keep it. They are applied in order, each step anew. */
export type Transform = KindOf<typeof transformParameters>;

/** All transforms. */
export const transforms: {
  readonly [Kind in Transform['kind']]: TransformKind<(typeof transformParameters)[Kind]>;
} = { pad, jitter, roll, scale, rotate, crop };
