import { broadcastDims } from '../dims.js';
import { arrayOf } from '../dtypes.js';
import type { Dim } from '../graph.js';
import {
  blank,
  broadcastTo,
  isSymbolic,
  settle,
  toDims,
  type Cells,
  type Operand,
} from '../operand.js';
import type { DType } from '../tensor.js';
import { computable, stored } from './elements.js';

/**
 * A function of two elements. It is written for numbers and used for bigint too, which has the same operators;
 * storing brings a result back into the range of its type.
 */
export type Binary = (a: number, b: number) => number | boolean;

/** A function of one element, for numbers and bigint. */
export type Unary = (a: number) => number | boolean;

/** What a function of two elements is on extents; `undefined` where it cannot be told. */
export type OnDims = (a: Dim, b: Dim) => Dim | boolean | undefined;

/**
 * Applies a function to each element.
 *
 * @param f the function
 * @param operand plain numbers
 * @param dtype type of the result: the operand's or bool
 */
export function map(f: Unary, operand: Operand, dtype: DType): Operand | undefined {
  if (isSymbolic(operand) || operand.dtype === 'string') return undefined;
  const { data, shape, dtype: own } = computable(operand);
  const to = dtype === 'bool' ? dtype : (own as 'float32');
  const out: Cells = new (arrayOf(to))(data.length);
  for (let i = 0; i < out.length; i++) out[i] = f(data[i] as number) as number;
  return stored({ dtype: to, shape, data: out }, dtype);
}

/**
 * Applies a function to two operands, broadcast together.
 *
 * @param f the function
 * @param onDims what it is on extents, when symbols are among them
 * @param a numbers or extents
 * @param b the same
 * @param dtype type of the result: the operands' or bool
 */
export function zip(
  f: Binary,
  onDims: OnDims | undefined,
  a: Operand,
  b: Operand,
  dtype: DType,
): Operand | undefined {
  const shape = broadcastDims([a.shape, b.shape]) as number[];
  const [wideA, wideB] = [broadcastTo(a, shape), broadcastTo(b, shape)];
  if (isSymbolic(a) || isSymbolic(b)) return onDims && zipDims(onDims, wideA, wideB, dtype);
  if (dtype === 'string' || a.dtype === 'string') return undefined;
  const [x, y] = [computable(wideA), computable(wideB)];
  const to = dtype === 'float16' ? 'float32' : dtype;
  const out: Cells = new (arrayOf(to))(x.data.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = f(x.data[i] as number, y.data[i] as number) as number;
  }
  return stored({ dtype: to, shape, data: out }, dtype);
}

function zipDims(f: OnDims, a: Operand, b: Operand, dtype: DType): Operand | undefined {
  const [x, y] = [toDims(a), toDims(b)];
  const out: Dim[] = [];
  for (let i = 0; i < x.length; i++) {
    const result = f(x[i]!, y[i]!);
    if (result === undefined) return undefined;
    out.push(typeof result === 'string' ? result : Number(result));
  }
  return settle({ dtype, shape: a.shape, data: out });
}

/**
 * Chooses between two operands element by element, all broadcast together.
 *
 * @param test bool
 * @param yes where true
 * @param no where false
 */
export function choose(test: Operand, yes: Operand, no: Operand): Operand {
  const shape = broadcastDims([test.shape, yes.shape, no.shape]) as number[];
  const symbolic = isSymbolic(yes) || isSymbolic(no);
  const [a, b] = [yes, no].map((from): Operand => {
    const wide = broadcastTo(from, shape);
    return symbolic ? { ...wide, data: toDims(wide) } : wide;
  }) as [Operand, Operand];
  const { data } = broadcastTo(test, shape);
  const out = blank(a, data.length);
  for (let i = 0; i < data.length; i++) out[i] = (data[i] ? a : b).data[i] ?? 0;
  return settle({ dtype: yes.dtype, shape, data: out });
}
