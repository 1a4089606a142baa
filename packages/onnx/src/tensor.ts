/** Element types of ONNX tensors that Convlens handles. */
export type DType = keyof DataOf;

/**
 * What holds the elements of each type. `float16` is kept as its bits (Node 20 has no Float16Array); `bool` is one
 * byte an element.
 */
export interface DataOf {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
  string: readonly string[];
}

/**
 * A dense tensor as plain structured-cloneable data, in row-major (C) order. This is what travels across every
 * package border; a runtime's own tensor object never does.
 */
export interface TensorData<D extends DType = DType> {
  readonly dtype: D;
  /** Extents, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** `product(shape)` elements. */
  readonly data: DataOf[D];
  /** Order of the axes of an image tensor, where that is known. */
  readonly layout?: 'NCHW' | 'NHWC';
}

/**
 * Number of elements of a shape.
 *
 * @param shape extents; `[]` is a scalar and has one element
 */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const extent of shape) count *= extent;
  return count;
}

/**
 * A float32 tensor.
 *
 * @param data elements in row-major order
 * @param shape extents whose product is `data.length`
 */
export function float32(data: Float32Array, shape: readonly number[]): TensorData<'float32'> {
  return { dtype: 'float32', shape, data };
}
