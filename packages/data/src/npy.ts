import { elementCount, LensError, type DType, type TensorData } from '@convlens/onnx';

const FORMATS = [
  ['<f4', 'float32', Float32Array],
  ['<f8', 'float64', Float64Array],
  ['<f2', 'float16', Uint16Array],
  ['|i1', 'int8', Int8Array],
  ['|u1', 'uint8', Uint8Array],
  ['<i2', 'int16', Int16Array],
  ['<u2', 'uint16', Uint16Array],
  ['<i4', 'int32', Int32Array],
  ['<u4', 'uint32', Uint32Array],
  ['<i8', 'int64', BigInt64Array],
  ['<u8', 'uint64', BigUint64Array],
  ['|b1', 'bool', Uint8Array],
] as const;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * Reads a NumPy array file (format 1 to 3, C order, little endian).
 *
 * @param bytes the whole file
 * @throws LensError `E_ARGUMENT` when it is not such a file
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function readNpy(bytes: Uint8Array): TensorData {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw new LensError('E_ARGUMENT', 'Expected a NumPy .npy file, got something else.');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! >= 2;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = String.fromCharCode(...bytes.subarray(start, start + length));
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  const format = FORMATS.find(([code]) => code === descr);
  if (!format || /'fortran_order':\s*True/.test(header)) {
    throw new LensError(
      'E_ARGUMENT',
      `Expected a little-endian .npy array in C order, got ${header.trim()}. Save it with ` +
        'numpy.save(file, numpy.ascontiguousarray(array)).',
    );
  }
  const [, dtype, Type] = format;
  const size = elementCount(shape) * Type.BYTES_PER_ELEMENT;
  const from = bytes.byteOffset + start + length;
  if (start + length + size > bytes.byteLength) {
    throw new LensError(
      'E_ARGUMENT',
      `The .npy file ends early: expected ${size} bytes of data for shape [${shape.join(', ')}].`,
    );
  }
  const data = new Type(bytes.buffer.slice(from, from + size) as ArrayBuffer);
  return { dtype, shape, data };
}

/**
 * Writes a NumPy array file (format 1.0, C order).
 *
 * @param tensor any numeric tensor
 * @throws LensError `E_ARGUMENT` for strings
 */
export function writeNpy(tensor: TensorData<Exclude<DType, 'string'>>): Uint8Array {
  const format = FORMATS.find(([, dtype]) => dtype === tensor.dtype);
  if (!format) throw new LensError('E_ARGUMENT', `A ${tensor.dtype} tensor has no .npy form.`);
  const shape = tensor.shape.length === 1 ? `${tensor.shape[0]},` : tensor.shape.join(', ');
  const text = `{'descr': '${format[0]}', 'fortran_order': False, 'shape': (${shape}), }`;
  // The data starts at a multiple of 64 bytes; the header ends with a line feed.
  const padded = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11) + '\n';
  const raw = new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  const out = new Uint8Array(10 + padded.length + raw.length);
  out.set([...MAGIC, 1, 0, padded.length & 255, padded.length >> 8]);
  for (let i = 0; i < padded.length; i++) out[10 + i] = padded.charCodeAt(i);
  out.set(raw, 10 + padded.length);
  return out;
}
