import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { join, lengthOf, sizeOf } from './pieces.js';

/** The way from a ModelProto to its initialisers: numbers of the fields graph and initializer. */
const toInitializers = [7, 5];
/** float_data and double_data of a TensorProto. */
const floatFields = new Set([4, 10]);
/** Fewer bytes are not worth it. */
const least = 4096;

/** A file without the float_data and double_data of its initialisers. */
export interface Lifted {
  readonly bytes: Uint8Array;
  /** What was taken out, by position of the initialiser: laid out like raw data. */
  readonly data: ReadonlyMap<number, Uint8Array>;
}

/**
 * Takes large float_data and double_data out of a model. The protobuf library would read them number by number into
 * an array, which for 100 MB takes seconds and ten times the memory; but packed floats are laid out as in a typed
 * array already.
 *
 * @param bytes a file, whether it is a model or not
 * @returns the file itself when there is no such data
 */
export function liftFloats(bytes: Uint8Array): Lifted {
  const data = new Map<number, Uint8Array>();
  let position = 0;
  const lift = (tensor: Uint8Array): Uint8Array[] => {
    const at = position++;
    return fieldsOf(tensor, (field, content) => {
      if (!floatFields.has(field) || content.length < least) return undefined;
      data.set(at, content);
      return [];
    });
  };
  const descend = (message: Uint8Array, depth: number): Uint8Array[] =>
    fieldsOf(message, (field, content) => {
      if (field !== toInitializers[depth]) return undefined;
      const inner = depth === 1 ? lift(content) : descend(content, depth + 1);
      return [lengthOf(field, sizeOf(inner)), ...inner];
    });
  try {
    const pieces = descend(bytes, 0);
    if (data.size > 0) return { bytes: join(pieces), data };
  } catch {
    // No readable model; parsing it will tell what is wrong with it.
  }
  return { bytes, data: new Map() };
}

/** The fields of a message as bytes, those that hold bytes themselves replaced where `replace` says by what. */
function fieldsOf(
  message: Uint8Array,
  replace: (field: number, content: Uint8Array) => Uint8Array[] | undefined,
): Uint8Array[] {
  const out: Uint8Array[] = [];
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wire] = reader.tag();
    const body = reader.skip(wire, field);
    const other =
      wire === WireType.LengthDelimited
        ? replace(field, new BinaryReader(body).bytes())
        : undefined;
    for (const piece of other ?? [message.subarray(start, reader.pos)]) out.push(piece);
  }
  return out;
}
