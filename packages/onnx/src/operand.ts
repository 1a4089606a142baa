import { arrayOf } from './dtypes.js';
import type { Dim } from './graph.js';
import { elementCount, type DType, type TensorData } from './tensor.js';

/** One element. */
export type Cell = number | bigint | string;

/**
 * A constant as far as it is known before anything runs. Every `TensorData` is one; besides them there are integer
 * tensors whose elements are extents (`Dim`s in a plain array), some of them symbols: what `Shape` makes of a dynamic
 * batch.
 */
export interface Operand {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: ArrayLike<Cell>;
}

/** Elements that are being written. */
export interface Cells {
  readonly length: number;
  [index: number]: Cell;
}

/**
 * Whether the elements are extents, of which some may be symbols.
 *
 * @param operand any operand
 */
export function isSymbolic({ dtype, data }: Operand): boolean {
  return dtype !== 'string' && Array.isArray(data);
}

/**
 * Room for elements of the same kind.
 *
 * @param like what the elements are like
 * @param count how many
 */
export function blank(like: Operand, count: number): Cells {
  if (like.dtype === 'string' || isSymbolic(like)) return new Array<Cell>(count);
  return new (arrayOf(like.dtype))(count);
}

/**
 * Extents as an int64 operand: plain data where all are numbers.
 *
 * @param dims elements
 * @param shape shape of the operand
 * @param dtype an integer type
 */
export function ofDims(
  dims: readonly Dim[],
  shape: readonly number[] = [dims.length],
  dtype: DType = 'int64',
): Operand {
  return settle({ dtype, shape, data: dims });
}

/**
 * Plain data for extents that turned out to be numbers all of them; anything else as it is.
 *
 * @param operand any operand
 */
export function settle(operand: Operand): Operand {
  const { dtype, shape, data } = operand;
  if (dtype === 'string' || !isSymbolic(operand)) return operand;
  if (Array.from(data).some((cell) => typeof cell === 'string')) return operand;
  const out: Cells = new (arrayOf(dtype))(data.length);
  const big = dtype === 'int64' || dtype === 'uint64';
  for (let i = 0; i < data.length; i++)
    out[i] = big ? BigInt(data[i] as number) : (data[i] as number);
  return { dtype, shape, data: out };
}

/**
 * Integers as extents, so that they can be mixed with symbols.
 *
 * @param operand an integer operand
 */
export function toDims(operand: Operand): readonly Dim[] {
  return Array.from(operand.data, (cell) => (typeof cell === 'string' ? cell : Number(cell)));
}

/**
 * An operand as a tensor, when it holds no symbols.
 *
 * @param operand any operand
 */
export function toTensor(operand: Operand): TensorData | undefined {
  const settled = settle(operand);
  return isSymbolic(settled) ? undefined : (settled as TensorData);
}

/**
 * Steps between neighbours along each axis of a dense row-major tensor.
 *
 * @param shape extents
 */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/**
 * A dense tensor read out of another by steps along each axis, which may be 0 (repeat) or negative (reverse).
 *
 * @param source where from
 * @param shape extents of the result
 * @param strides steps in the source's data, an axis each
 * @param offset where the first element is
 */
export function strided(
  source: Operand,
  shape: readonly number[],
  strides: readonly number[],
  offset = 0,
): Operand {
  const count = elementCount(shape);
  const out = blank(source, count);
  const { data } = source;
  const index = new Array<number>(shape.length).fill(0);
  const inner = shape.at(-1) ?? 1;
  const step = strides.at(-1) ?? 0;
  let at = offset;
  for (let i = 0; i < count; i += inner) {
    for (let j = 0; j < inner; j++) out[i + j] = data[at + j * step]!;
    for (let axis = shape.length - 2; axis >= 0; axis--) {
      const stride = strides[axis]!;
      const extent = shape[axis]!;
      at += stride;
      index[axis] = index[axis]! + 1;
      if (index[axis]! < extent) break;
      at -= stride * extent;
      index[axis] = 0;
    }
  }
  return { dtype: source.dtype, shape, data: out };
}

/**
 * A tensor repeated to a larger shape by numpy's broadcasting.
 *
 * @param source where from
 * @param shape a shape it goes into
 */
export function broadcastTo(source: Operand, shape: readonly number[]): Operand {
  const missing = shape.length - source.shape.length;
  const steps = stridesOf(source.shape);
  let same = missing === 0;
  const strides = shape.map((extent, axis) => {
    const own = source.shape[axis - missing];
    if (own !== extent) same = false;
    return own === undefined || own === 1 ? 0 : steps[axis - missing]!;
  });
  return same ? source : strided(source, shape, strides);
}
