import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { arrayOf, viewOf } from './dtypes.js';
import type { DataOf } from './tensor.js';

/** Reads what follows a tag; `before` is what the field held until then. */
type Read<V> = (reader: BinaryReader, before: V) => V;

/** One field of a message: what it is when the file does not have it, and what reads each of its tags. */
export interface Field<V> {
  readonly empty: () => V;
  readonly reads: readonly (readonly [tag: number, read: Read<V>])[];
}

/** Reads a message up to a position of the file, into another message where that is given. */
export type Message<T> = (reader: BinaryReader, end: number, into?: T) => T;

/** One of several fields: the one the file has, or none. */
export type OneOf<F> =
  | { [K in keyof F]: { readonly case: K; readonly value: F[K] } }[keyof F]
  | { readonly case: undefined; readonly value?: undefined };

/** A list of numbers: a typed array where they lie in one piece, as weights do. */
export type List<A extends Elements> = A | A[number][];
type Elements = Float32Array | Float64Array | Int32Array | BigInt64Array | BigUint64Array;

/** Number and wire type of a field in one, as the file has them. */
const tagOf = (number: number, wire: WireType): number => number * 8 + wire;

/**
 * A message type. Fields that it does not list are skipped, and so are those of another wire type than theirs. Bytes
 * that are no message raise an error of any kind.
 *
 * @param fields what to read
 */
export function message<T extends object>(fields: {
  readonly [K in keyof T]: Field<T[K]>;
}): Message<T> {
  const names = Object.keys(fields) as (keyof T)[];
  const known = new Map<number, readonly [keyof T, Read<T[keyof T]>]>();
  for (const name of names) {
    for (const [tag, read] of fields[name].reads) known.set(tag, [name, read]);
  }
  return (reader, end, into) => {
    if (end > reader.len) throw new RangeError('A message ends beyond the file.');
    const out = into ?? ({} as T);
    if (!into) for (const name of names) out[name] = fields[name].empty();
    while (reader.pos < end) {
      const [number, wire] = reader.tag();
      const entry = known.get(tagOf(number, wire));
      if (entry) out[entry[0]] = entry[1](reader, out[entry[0]]);
      else reader.skip(wire, number);
    }
    if (reader.pos > end) throw new RangeError('A field ends beyond its message.');
    return out;
  };
}

function single<V>(wire: WireType, empty: V, read: (reader: BinaryReader) => V) {
  return (number: number): Field<V> => ({
    empty: () => empty,
    reads: [[tagOf(number, wire), read]],
  });
}

function list<V>(read: (reader: BinaryReader) => V) {
  return (number: number): Field<V[]> => ({
    empty: () => [],
    reads: [
      [tagOf(number, WireType.LengthDelimited), (reader, before) => push(before, read(reader))],
    ],
  });
}

function push<V>(before: V[], value: V): V[] {
  before.push(value);
  return before;
}

const none = new Uint8Array(0);
const readText = (reader: BinaryReader): string => reader.string();
const readBytes = (reader: BinaryReader): Uint8Array => reader.bytes();
const readLong = (reader: BinaryReader): bigint => BigInt(reader.int64());

/** A text; what is not UTF-8 in it is replaced. */
export const text = single(WireType.LengthDelimited, '', readText);
/** Bytes, as a view of the file. */
export const bytes = single(WireType.LengthDelimited, none, readBytes);
/** A number. */
export const float = single(WireType.Bit32, 0, (reader) => reader.float());
/** A small integer, or the number of what an enumeration names. */
export const int32 = single(WireType.Varint, 0, (reader) => reader.int32());
/** An integer. */
export const int64 = single(WireType.Varint, 0n, readLong);

/** Texts. */
export const texts = list(readText);
/** Pieces of bytes. */
export const blobs = list(readBytes);

/** float32 numbers. */
export const floats = fixed('float32', WireType.Bit32, (reader) => reader.float());
/** float64 numbers. */
export const doubles = fixed('float64', WireType.Bit64, (reader) => reader.double());
/** Small integers. */
export const int32s = varints(arrayOf('int32'), (reader) => reader.int32());
/** Integers. */
export const int64s = varints(arrayOf('int64'), readLong);
/** Integers that have no sign. */
export const uint64s = varints(arrayOf('uint64'), (reader) => BigInt(reader.uint64()));

/** A list in either form of the format: a tag before every element, or one before all of them, packed. */
function repeated<A extends Elements>(
  wire: WireType,
  readOne: (reader: BinaryReader) => A[number],
  unpack: (packed: Uint8Array) => A,
) {
  // A list in one piece stays a typed array; one in several grows as a plain array, which takes no copy each time.
  const growing = (before: List<A>): A[number][] =>
    Array.isArray(before) ? before : Array.from<A[number]>(before);
  return (number: number): Field<List<A>> => ({
    empty: () => [],
    reads: [
      [tagOf(number, wire), (reader, before) => push(growing(before), readOne(reader))],
      [
        tagOf(number, WireType.LengthDelimited),
        (reader, before) => {
          const piece = unpack(reader.bytes());
          if (before.length === 0) return piece;
          const out = growing(before);
          for (const element of piece) out.push(element);
          return out;
        },
      ],
    ],
  });
}

/** Numbers that are packed as in a typed array. */
function fixed<D extends 'float32' | 'float64'>(
  dtype: D,
  wire: WireType,
  readOne: (reader: BinaryReader) => number,
) {
  return repeated<DataOf[D]>(wire, readOne, (packed) => {
    const out = viewOf(dtype, packed);
    if (out.byteLength < packed.length) throw new RangeError('A list ends within a number.');
    return out;
  });
}

/** Integers take as many bytes as they need: the last byte of each is below 128, which tells how many there are. */
function varints<A extends Elements>(
  make: new (length: number) => A,
  readOne: (reader: BinaryReader) => A[number],
) {
  return repeated(WireType.Varint, readOne, (packed) => {
    let count = 0;
    for (const byte of packed) if (byte < 128) count++;
    const out = new make(count);
    const reader = new BinaryReader(packed);
    for (let i = 0; i < count; i++) out[i] = readOne(reader);
    if (reader.pos < reader.len) throw new RangeError('A list ends within a number.');
    return out;
  });
}

/**
 * A message within another, without fields where the file has none. A second one in the same field adds to the first.
 *
 * @param number of the field
 * @param of its type
 */
export function inside<T>(number: number, of: Message<T>): Field<T> {
  return nested(number, of, () => of(new BinaryReader(none), 0));
}

/**
 * A message within another, `undefined` where the file has none.
 *
 * @param number of the field
 * @param of its type
 */
export function optional<T>(number: number, of: Message<T>): Field<T | undefined> {
  return nested<T | undefined>(number, of, () => undefined);
}

function nested<V>(
  number: number,
  of: (reader: BinaryReader, end: number, into: V) => V,
  empty: () => V,
): Field<V> {
  return {
    empty,
    reads: [
      [
        tagOf(number, WireType.LengthDelimited),
        (reader, before) => of(reader, reader.uint32() + reader.pos, before),
      ],
    ],
  };
}

/**
 * Messages within another.
 *
 * @param number of the field
 * @param of their type
 */
export function messages<T>(number: number, of: Message<T>): Field<T[]> {
  return list((reader) => of(reader, reader.uint32() + reader.pos))(number);
}

/**
 * Fields of which a message has one at most; the last one the file has counts.
 *
 * @param fields by the names they get
 */
export function oneOf<F extends object>(fields: { readonly [K in keyof F]: Field<F[K]> }): Field<
  OneOf<F>
> {
  const reads: Field<OneOf<F>>['reads'][number][] = [];
  for (const name of Object.keys(fields) as (keyof F)[]) {
    const { empty, reads: inner } = fields[name];
    for (const [tag, read] of inner) {
      reads.push([
        tag,
        (reader, { case: last, value }) => ({
          case: name,
          value: read(reader, last === name ? value! : empty()),
        }),
      ]);
    }
  }
  return { empty: () => ({ case: undefined }), reads };
}
