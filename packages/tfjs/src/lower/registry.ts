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
