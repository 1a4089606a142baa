import type { DataOf, DType } from './tensor.js';

/** Element types whose data is a typed array. */
export type NumericDType = Exclude<DType, 'string'>;

/** By ONNX's number of the type (TensorProto.DataType); `''` where Convlens has no such type. */
const names = (
  'undefined,float32,uint8,int8,uint16,int16,int32,int64,string,bool,float16,float64,uint32,uint64,' +
  'complex64,complex128,bfloat16,float8e4m3fn,float8e4m3fnuz,float8e5m2,float8e5m2fnuz,uint4,int4,' +
  'float4e2m1,float8e8m0,uint2,int2'
).split(',');

const bfloat16 = 16;

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/** A constructor of the typed arrays that hold a type's elements. */
export interface ArrayOf<D extends NumericDType = NumericDType> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): DataOf[D];
  new (buffer: ArrayBufferLike, offset: number, length: number): DataOf[D];
  from(elements: ArrayLike<number | bigint>): DataOf[D];
}

/**
 * The typed array that holds a type's elements.
 *
 * @param dtype element type
 */
export function arrayOf<D extends NumericDType>(dtype: D): ArrayOf<D> {
  return arrays[dtype] as unknown as ArrayOf<D>;
}

/**
 * Bytes as elements (little-endian, as ONNX stores them), without a copy where alignment allows it.
 *
 * @param dtype element type
 * @param raw bytes; what is left over at the end is no element
 */
export function viewOf<D extends NumericDType>(dtype: D, raw: Uint8Array): DataOf[D] {
  const make = arrayOf(dtype);
  const size = make.BYTES_PER_ELEMENT;
  const length = Math.floor(raw.byteLength / size);
  if (raw.byteOffset % size === 0) return new make(raw.buffer, raw.byteOffset, length);
  return new make(new Uint8Array(raw).buffer, 0, length);
}

/**
 * ONNX's number of an element type (TensorProto.DataType).
 *
 * @param dtype element type
 */
export function dtypeCode(dtype: DType): number {
  return names.indexOf(dtype);
}

/**
 * The element type of an ONNX number; bfloat16 counts as float32, as which it is read. `undefined` for the types that
 * Convlens does not handle (complex, 8 bits and fewer floats, 4 bits and fewer integers).
 *
 * @param code number of the type (TensorProto.DataType)
 */
export function dtypeOf(code: number): DType | undefined {
  if (code === bfloat16) return 'float32';
  return code > 0 && code < 14 ? (names[code] as DType) : undefined;
}

/**
 * ONNX's name of a type, for messages.
 *
 * @param code number of the type (TensorProto.DataType)
 */
export function dtypeName(code: number): string {
  return names[code] ?? `number ${code}`;
}
