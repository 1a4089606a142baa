import { getTextEncoding } from '@bufbuild/protobuf/wire';
import { arrayOf, dtypeName, dtypeOf, viewOf, type NumericDType } from './dtypes.js';
import { LensError } from './errors.js';
import type { TensorProto } from './proto.js';
import { elementCount, type DataOf, type DType, type TensorData } from './tensor.js';

const bfloat16 = 16;

/** Where the bytes of a tensor with external data are. */
interface External {
  readonly location: string;
  readonly offset: number;
  readonly length: number | undefined;
}

/**
 * Where a tensor's data is kept, when that is outside of the model file.
 *
 * @param tensor as parsed
 */
function externalOf(tensor: TensorProto): External | undefined {
  if (tensor.dataLocation !== 1) return undefined;
  const entries = new Map(tensor.externalData.map((e) => [e.key, e.value]));
  const length = entries.get('length');
  return {
    location: (entries.get('location') ?? '').replace(/^\.\//, ''),
    offset: Number(entries.get('offset') ?? 0),
    length: length === undefined ? undefined : Number(length),
  };
}

/**
 * A tensor of the file as plain data. Raw data that lies aligned in the file is not copied: the result is a view of
 * it. bfloat16 becomes float32 (exactly).
 *
 * @param tensor as parsed
 * @param where what the tensor is, for messages: `initialiser "w"`
 * @param files external data by location
 * @throws LensError `E_OP_UNSUPPORTED` for element types Convlens does not handle, `E_ONNX_INVALID` when sizes do not
 * agree, `E_ONNX_EXTERNAL_DATA` when a file is missing or too short
 */
export function decodeTensor(
  tensor: TensorProto,
  where: string,
  files?: ReadonlyMap<string, Uint8Array>,
): TensorData {
  const dtype = dtypeOf(tensor.dataType);
  if (!dtype) {
    throw new LensError(
      'E_OP_UNSUPPORTED',
      `The ${where} has elements of type ${dtypeName(tensor.dataType)}, which Convlens does not read. Export the model in float32 or float16.`,
    );
  }
  const shape = Array.from(tensor.dims, Number);
  const count = elementCount(shape);
  const external = externalOf(tensor);
  const raw = external ? externalBytes(external, where, files) : tensor.rawData;
  const data =
    dtype === 'string'
      ? tensor.stringData.map((bytes) => getTextEncoding().decodeUtf8(bytes))
      : tensor.dataType === bfloat16
        ? widen(raw.length > 0 ? viewOf('uint16', raw) : Uint16Array.from(tensor.int32Data))
        : external || raw.length > 0
          ? viewOf(dtype, raw)
          : fromTyped(dtype, tensor);
  if (data.length !== count) {
    throw new LensError(
      'E_ONNX_INVALID',
      `The ${where} has shape [${shape.join(', ')}], which is ${count} elements of ${dtype}, but the file holds ${data.length}.`,
    );
  }
  return { dtype, shape, data };
}

/** The field of the message that holds elements of a type. */
function fieldOf(dtype: NumericDType, tensor: TensorProto): ArrayLike<number | bigint> {
  switch (dtype) {
    case 'float32':
      return tensor.floatData;
    case 'float64':
      return tensor.doubleData;
    case 'int64':
      return tensor.int64Data;
    case 'uint64':
      return tensor.uint64Data;
    case 'uint32':
      return Array.from(tensor.uint64Data, Number);
    case 'bool':
    case 'float16':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'uint8':
    case 'uint16':
      return tensor.int32Data;
  }
}

/** The elements in that field, without a copy where they are a typed array of the type already. */
function fromTyped(dtype: NumericDType, tensor: TensorProto): DataOf[DType] {
  const make = arrayOf(dtype);
  const found = fieldOf(dtype, tensor);
  return found instanceof make ? found : make.from(found);
}

/** bfloat16 is the upper half of a float32. */
function widen(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = bits[i]! << 16;
  return new Float32Array(out.buffer);
}

function externalBytes(
  { location, offset, length }: External,
  where: string,
  files?: ReadonlyMap<string, Uint8Array>,
): Uint8Array {
  const file = files?.get(location);
  if (!file) {
    throw new LensError(
      'E_ONNX_EXTERNAL_DATA',
      `The ${where} is kept in a second file, "${location}". Give that file together with the model.`,
    );
  }
  const end = length === undefined ? file.byteLength : offset + length;
  if (end > file.byteLength || offset > end) {
    throw new LensError(
      'E_ONNX_EXTERNAL_DATA',
      `The ${where} is kept in bytes ${offset} to ${end} of "${location}", but the file that was given has ${file.byteLength} bytes. Give the file that belongs to this model.`,
    );
  }
  return new Uint8Array(file.buffer, file.byteOffset + offset, end - offset);
}
