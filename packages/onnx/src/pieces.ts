import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { LensError } from './errors.js';

/**
 * The tag and the length that stand before a field whose bytes follow.
 *
 * @param field number of the field
 * @param length number of bytes that follow
 * @throws LensError `E_ARGUMENT` when they are more than a protobuf message can have
 */
export function lengthOf(field: number, length: number): Uint8Array {
  if (length >= 2 ** 31) {
    throw new LensError(
      'E_ARGUMENT',
      `The model would have ${length} bytes; an ONNX file without external data has less than 2 GB.`,
    );
  }
  return new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(length).finish();
}

/**
 * Number of bytes of all pieces.
 *
 * @param pieces parts of a file
 */
export function sizeOf(pieces: readonly Uint8Array[]): number {
  let size = 0;
  for (const piece of pieces) size += piece.length;
  return size;
}

/**
 * The pieces one after the other.
 *
 * @param pieces parts of a file
 */
export function join(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(sizeOf(pieces));
  let position = 0;
  for (const piece of pieces) {
    out.set(piece, position);
    position += piece.length;
  }
  return out;
}
