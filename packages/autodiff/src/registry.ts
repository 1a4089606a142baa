import type { Rule, Rules } from './rule.js';
import { arithmetic } from './rules/arithmetic.js';
import { averagePool } from './rules/average-pool.js';
import { batchNormalization } from './rules/batch-normalization.js';
import { casts } from './rules/cast.js';
import { joining } from './rules/concat.js';
import { conv } from './rules/conv.js';
import { convTranspose } from './rules/conv-transpose.js';
import { blocks } from './rules/depth-to-space.js';
import { repetition } from './rules/expand.js';
import { einsum } from './rules/einsum.js';
import { extremes } from './rules/extremes.js';
import { gathering } from './rules/gather.js';
import { gemm } from './rules/gemm.js';
import { lpPool } from './rules/lp-pool.js';
import { losses } from './rules/losses.js';
import { localResponse } from './rules/lrn.js';
import { matMul } from './rules/mat-mul.js';
import { maxPool } from './rules/max-pool.js';
import { normalization } from './rules/normalization.js';
import { pRelu } from './rules/p-relu.js';
import { padding } from './rules/pad.js';
import { pow } from './rules/pow.js';
import { reductions } from './rules/reduce.js';
import { rectifiers } from './rules/relu.js';
import { resizing } from './rules/resize.js';
import { scattering } from './rules/scatter.js';
import { shapeOnly } from './rules/shape-only.js';
import { slicing } from './rules/slice.js';
import { softmax } from './rules/softmax.js';
import { transposition } from './rules/transpose.js';
import { unaryRules } from './rules/unary.js';
import { where } from './rules/where.js';

const rules: Rules = {
  ...arithmetic,
  ...averagePool,
  ...batchNormalization,
  ...blocks,
  ...casts,
  ...conv,
  ...convTranspose,
  ...einsum,
  ...extremes,
  ...gathering,
  ...gemm,
  ...joining,
  ...localResponse,
  ...losses,
  ...lpPool,
  ...matMul,
  ...maxPool,
  ...normalization,
  ...pRelu,
  ...padding,
  ...pow,
  ...rectifiers,
  ...reductions,
  ...repetition,
  ...resizing,
  ...scattering,
  ...shapeOnly,
  ...slicing,
  ...softmax,
  ...transposition,
  ...unaryRules,
  ...where,
};

/** Operators whose output is constant wherever it has a derivative, or that only look at shapes. */
const flat = new Set([
  'Ceil',
  'ConstantOfShape',
  'EyeLike',
  'Floor',
  'Hardmax',
  'Round',
  'Shape',
  'Sign',
  'Size',
]);

const NO_FLOATS = 'its results are no floats';
const OLD = 'it is older than version 17 of the operator set, in which it is written anew before';

/** Operators without a derivative here, and why: each operator that has a shape has a rule, is flat, or stands here. */
const gaps: Readonly<Record<string, string>> = {
  And: NO_FLOATS,
  ArgMax: NO_FLOATS,
  ArgMin: NO_FLOATS,
  BitShift: NO_FLOATS,
  BitwiseAnd: NO_FLOATS,
  BitwiseNot: NO_FLOATS,
  BitwiseOr: NO_FLOATS,
  BitwiseXor: NO_FLOATS,
  Constant: 'it reads nothing',
  Equal: NO_FLOATS,
  Greater: NO_FLOATS,
  GreaterOrEqual: NO_FLOATS,
  IsInf: NO_FLOATS,
  IsNaN: NO_FLOATS,
  Less: NO_FLOATS,
  LessOrEqual: NO_FLOATS,
  MaxUnpool: 'it is not written yet',
  Mod: 'a remainder jumps where the quotient is whole',
  NonZero: NO_FLOATS,
  Not: NO_FLOATS,
  OneHot: 'the values that it writes are constants in networks',
  Or: NO_FLOATS,
  Range: 'its bounds are constants in networks',
  ReduceProd: 'the quotient of product and factor is not defined at zeros',
  Scatter: OLD,
  Upsample: OLD,
  Xor: NO_FLOATS,
};

/**
 * Why an operator has no derivative here.
 *
 * @param op operator of the standard domain
 * @returns `undefined` for those that have one, are flat or are not known at all
 */
export function gapOf(op: string): string | undefined {
  return Object.hasOwn(gaps, op) ? gaps[op] : undefined;
}

/**
 * The rule of an operator; `undefined` when it has none.
 *
 * @param op operator of the standard domain
 */
export function ruleOf(op: string): Rule | undefined {
  return Object.hasOwn(rules, op) ? rules[op] : undefined;
}

/**
 * Whether an operator's derivative is zero: nothing passes it on the way back.
 *
 * @param op operator of the standard domain
 */
export function isFlat(op: string): boolean {
  return flat.has(op);
}

/** Names of the operators that can be differentiated, in alphabetical order. */
export function differentiableOperators(): string[] {
  return Object.keys(rules).sort();
}
