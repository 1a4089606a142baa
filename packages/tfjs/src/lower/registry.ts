import { choosing } from './choose.js';
import { convolutions } from './convolution.js';
import { elementwise } from './elementwise.js';
import type { Lowering } from './lowering.js';
import { matrices } from './matrix.js';
import { normalizations } from './normalization.js';
import { parts } from './parts.js';
import { pooling } from './pooling.js';
import { reductions } from './reduce.js';
import { resizing } from './resize.js';

const lowerings: ReadonlyMap<string, Lowering> = new Map(
  Object.entries({
    ...choosing,
    ...convolutions,
    ...elementwise,
    ...matrices,
    ...normalizations,
    ...parts,
    ...pooling,
    ...reductions,
    ...resizing,
  }),
);

const CONSTANT =
  'its result does not depend on what the network is fed, and is too large to be stored.';
const WRITTEN = 'it was to be written as others before.';
const KERNEL = 'TensorFlow.js has no kernel for it.';
const UNUSED = 'it is not lowered, as networks for images do not have it.';

/** Operators that are not lowered, and why: each operator that has a shape is lowered or stands here. */
const gaps: ReadonlyMap<string, string> = new Map(
  Object.entries({
    BitShift: KERNEL,
    BitwiseAnd: KERNEL,
    BitwiseNot: KERNEL,
    BitwiseOr: KERNEL,
    BitwiseXor: KERNEL,
    CastLike: UNUSED,
    Constant: CONSTANT,
    ConstantOfShape: CONSTANT,
    CumSum: UNUSED,
    Dropout: 'it drops at random, which only a mask that is fed may do.',
    Einsum: UNUSED,
    EyeLike: CONSTANT,
    GatherElements: UNUSED,
    GatherND: UNUSED,
    GlobalLpPool: UNUSED,
    GroupNormalization: UNUSED,
    Hardmax: KERNEL,
    IsInf: UNUSED,
    IsNaN: UNUSED,
    LayerNormalization: UNUSED,
    LpNormalization: UNUSED,
    LpPool: KERNEL,
    MaxUnpool: KERNEL,
    MeanVarianceNormalization: UNUSED,
    Mod: UNUSED,
    NegativeLogLikelihoodLoss: WRITTEN,
    NonZero: 'the shape of its result is only known when it runs.',
    OneHot: UNUSED,
    RMSNormalization: UNUSED,
    Range: CONSTANT,
    Scatter: WRITTEN,
    ScatterElements: KERNEL,
    ScatterND: UNUSED,
    Shape: CONSTANT,
    Size: CONSTANT,
    SoftmaxCrossEntropyLoss: WRITTEN,
    TopK: UNUSED,
    Trilu: UNUSED,
    Upsample: WRITTEN,
    Xor: UNUSED,
  }),
);

/**
 * Why an operator is not lowered.
 *
 * @param op an operator of the standard domain without a lowering
 */
export function gapOf(op: string): string {
  return gaps.get(op) ?? 'Convlens does not know it.';
}

/**
 * How an operator of the standard domain is lowered.
 *
 * @param op the operator
 * @returns `undefined` when it cannot be
 */
export function loweringOf(op: string): Lowering | undefined {
  return lowerings.get(op);
}

/** Operators that can be lowered, in alphabetical order. */
export function loweredOperators(): readonly string[] {
  return [...lowerings.keys()].toSorted();
}

/** Operators that are not lowered, each with a reason, in alphabetical order. */
export function missingOperators(): readonly string[] {
  return [...gaps.keys()].toSorted();
}
