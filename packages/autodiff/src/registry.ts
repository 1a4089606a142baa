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
