import { LensError } from './errors.js';
import type { Dim } from './graph.js';

/*
 * Arithmetic on extents. A symbolic result is a readable expression ("floor((H-1)/2)", "2*N"), written so that equal
 * expressions mean equal extents; the reverse is not promised.
 */

/**
 * Characters of an expression at most. Those of real networks have some dozens, of the deepest with open sizes some hundreds; one
 * that is multiplied by itself at each of a file's nodes would double with each of them.
 */
const LONGEST = 2000;

/** An extent whose expression is not out of all proportion. */
function bounded(dim: Dim): Dim {
  if (typeof dim === 'number' || dim.length <= LONGEST) return dim;
  throw new LensError(
    'E_BOUND',
    `Expected extents that can be followed, got one of more than ${LONGEST} characters (${dim.slice(0, 40)}…). ` +
      'Export the network with a fixed input size.',
  );
}

/** Whether a `+` or `-` stands outside of all parentheses. */
function isSum(text: string): boolean {
  let flat = text;
  for (let before = ''; before !== flat;) {
    before = flat;
    flat = flat.replace(/\([^()]*\)/g, '');
  }
  return /[+-]/.test(flat);
}

function wrap(text: string): string {
  return isSum(text) ? `(${text})` : text;
}

/** The inside of an expression that is one pair of parentheses. */
function unwrap(text: string): string {
  return /^\([^()]*\)$/.test(text) ? text.slice(1, -1) : text;
}

/**
 * The sum of two extents.
 *
 * @param a an extent
 * @param b an extent, or a negative number
 */
export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number') {
    if (typeof b === 'number') return a + b;
    return addDims(b, a);
  }
  if (typeof b === 'string') return a === b ? multiplyDims([2, a]) : bounded(`${a}+${wrap(b)}`);
  const [, base, tail] = /^(.*[^+\-*/(])([+-]\d+)$/.exec(a) ?? [a, a, '0'];
  const constant = Number(tail) + b;
  const sign = constant < 0 ? '-' : '+';
  return constant === 0 ? base : bounded(`${base}${sign}${Math.abs(constant)}`);
}

/** Factors of a product: its number, and its symbols in alphabetical order. */
function factors(dims: readonly Dim[]): [number, string[]] {
  let count = 1;
  const symbols: string[] = [];
  for (const dim of dims) {
    if (typeof dim === 'number') {
      count *= dim;
    } else if (isSum(dim) || /[(]/.test(dim)) {
      symbols.push(wrap(dim));
    } else {
      for (const factor of dim.split('*')) {
        if (/^\d+$/.test(factor)) count *= Number(factor);
        else symbols.push(factor);
      }
    }
  }
  return [count, symbols.sort()];
}

function fromFactors(count: number, symbols: readonly string[]): Dim {
  if (symbols.length === 0 || count === 0) return count;
  if (count === 1 && symbols.length === 1) return unwrap(symbols[0]!);
  return bounded([...(count === 1 ? [] : [count]), ...symbols].join('*'));
}

/**
 * The product of extents; 1 for none.
 *
 * @param dims extents
 */
export function multiplyDims(dims: readonly Dim[]): Dim {
  return fromFactors(...factors(dims));
}

/**
 * The quotient of two products of extents, when it is known to be exact.
 *
 * @param a factors of the dividend
 * @param b factors of the divisor
 */
export function divideDims(a: readonly Dim[], b: readonly Dim[]): Dim | undefined {
  const [countA, symbols] = factors(a);
  const [countB, others] = factors(b);
  for (const symbol of others) {
    const at = symbols.indexOf(symbol);
    if (at < 0) return undefined;
    symbols.splice(at, 1);
  }
  const count = countA / countB;
  return Number.isInteger(count) ? fromFactors(count, symbols) : undefined;
}

/**
 * An extent divided by a number and rounded.
 *
 * @param a an extent
 * @param by a positive integer
 * @param round towards which side
 */
export function roundedQuotient(a: Dim, by: number, round: 'floor' | 'ceil'): Dim {
  if (typeof a === 'number') return Math[round](a / by);
  return divideDims([a], [by]) ?? bounded(`${round}(${wrap(a)}/${by})`);
}

/**
 * The extent that two axes have together under numpy's broadcasting; `undefined` when they do not go together.
 *
 * @param a an extent
 * @param b an extent
 */
function broadcastDim(a: Dim, b: Dim): Dim | undefined {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === 'number') return typeof b === 'number' ? undefined : a;
  if (typeof b === 'number') return b;
  return bounded(`max(${[a, b].sort().join(',')})`);
}

/**
 * The shape of shapes broadcast together; `undefined` when they do not go together.
 *
 * @param shapes any number of shapes
 * @see https://github.com/onnx/onnx/blob/main/docs/Broadcasting.md
 */
export function broadcastDims(shapes: readonly (readonly Dim[])[]): Dim[] | undefined {
  const out: Dim[] = [];
  for (const shape of shapes) {
    for (let back = 1; back <= shape.length; back++) {
      const extent = shape[shape.length - back]!;
      const at = out.length - back;
      if (at < 0) {
        out.unshift(extent);
        continue;
      }
      const both = broadcastDim(out[at]!, extent);
      if (both === undefined) return undefined;
      out[at] = both;
    }
  }
  return out;
}
