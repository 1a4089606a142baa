import { float32ToFloat16 } from '../float16.js';
import type { DType, TensorData } from '../tensor.js';

/** Constants up to this many elements are recognised by their contents, so that equal ones are stored once. */
const mostCompared = 64;

/**
 * Numbers as a tensor of a float type.
 *
 * @param data the numbers
 * @param shape extents
 * @param dtype `float16`, `float32` or `float64`
 */
export function toFloats(
  data: ArrayLike<number>,
  shape: readonly number[],
  dtype: DType,
): TensorData {
  if (dtype === 'float64') return { dtype, shape, data: Float64Array.from(data) };
  const single = data instanceof Float32Array ? data : Float32Array.from(data);
  if (dtype === 'float16') return { dtype, shape, data: float32ToFloat16(single) };
  return { dtype: 'float32', shape, data: single };
}

/**
 * Integers as a tensor of int64.
 *
 * @param list the integers
 */
export function toIntegers(list: readonly number[]): TensorData<'int64'> {
  return { dtype: 'int64', shape: [list.length], data: BigInt64Array.from(list, BigInt) };
}

/**
 * What tells a small constant from others.
 *
 * @param tensor the constant
 * @returns `undefined` when it is not small
 */
export function contentsOf({ dtype, shape, data }: TensorData): string | undefined {
  if (data.length > mostCompared) return undefined;
  // 0 and -0 are not the same constant.
  const each = Array.from(data as ArrayLike<unknown>, (v) => (Object.is(v, -0) ? '-0' : String(v)));
  return `${dtype}[${shape.join()}]${each.join()}`;
}
