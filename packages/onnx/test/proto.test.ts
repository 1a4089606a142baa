import { fromBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ModelProtoSchema } from 'onnx-buf';
import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LensError, read } from '../src/index.js';
import { parseModel } from '../src/proto.js';
import { errorOf, random } from './build.js';
import { around, model, typed } from './protobuf.js';
import { files } from './reference-files.js';

const { Varint, Bit32, Bit64, LengthDelimited, StartGroup, EndGroup } = WireType;

/** A model with one more weight, whose fields are written by hand. */
function withWeight(write: (tensor: BinaryWriter) => void): Uint8Array {
  return withField(7, (graph) => {
    graph.tag(5, LengthDelimited).fork();
    graph.tag(8, LengthDelimited).string('w');
    write(graph);
    graph.join();
  });
}

/** A model with one more field that holds a message. */
function withField(number: number, write: (message: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter().tag(number, LengthDelimited).fork();
  write(writer);
  return Uint8Array.of(...model(around), ...writer.join().finish());
}

const weight = (write: (tensor: BinaryWriter) => void) =>
  read(withWeight(write)).initializers.get('w');

/** Where the library's own reader finds another value than the one that was read; `''` where nowhere. */
function firstDifference(ours: unknown, theirs: unknown, where = 'model'): string {
  if (theirs instanceof Uint8Array) {
    return Buffer.compare(ours as Uint8Array, theirs) === 0 ? '' : where;
  }
  if (typeof ours !== 'object') return Object.is(ours, theirs) ? '' : where;
  // A message that the file does not have is one without fields where that says the same.
  if (theirs === undefined) return '';
  if (Array.isArray(theirs)) {
    const list = ours as ArrayLike<unknown>;
    if (list.length !== theirs.length) return `${where}.length`;
    for (let i = 0; i < theirs.length; i++) {
      const inner = Object.is(list[i], theirs[i]) ? '' : firstDifference(list[i], theirs[i], where);
      if (inner) return `${inner}[${i}]`;
    }
    return '';
  }
  const expected = theirs as Record<string, unknown>;
  for (const [name, value] of Object.entries(ours as Record<string, unknown>)) {
    const inner = firstDifference(value, expected[name], `${where}.${name}`);
    if (inner) return inner;
  }
  return '';
}

describe('messages are read as the protobuf library reads them', () => {
  it.each(files)('%s', (_, file) => {
    const bytes = new Uint8Array(readFileSync(file));
    expect(firstDifference(parseModel(bytes), fromBinary(ModelProtoSchema, bytes))).toBe('');
  });

  it('of every kind', () => {
    const attribute = [
      { name: 'f', type: 1, f: 0.5 },
      { name: 'i', type: 2, i: -3n },
      { name: 's', type: 3, s: Uint8Array.of(1) },
      { name: 't', type: 4, t: { dims: [1n], dataType: 1, floatData: [1] } },
      { name: 'g', type: 5, g: { name: 'inner' } },
      { name: 'lists', floats: [1, 2], ints: [-1n, 2n ** 62n], strings: [Uint8Array.of(2)] },
    ];
    const sequence = { value: { case: 'sequenceType' as const, value: { elemType: {} } } };
    const bytes = model({
      ...around,
      node: [{ opType: 'Odd', domain: 'd', input: ['', 'é'], output: ['y'], attribute }],
      input: [typed('x', 1, ['N', -1, 3]), { name: 'q', type: sequence }, { name: 'none' }],
      valueInfo: [typed('v', 10, [])],
      sparseInitializer: [{ values: { name: 's' } }],
      initializer: [
        { name: 'd', dataLocation: 1, externalData: [{ key: 'location', value: 'a.bin' }] },
        { name: 'e', int32Data: [-1, 300], int64Data: [-1n], uint64Data: [2n ** 64n - 1n] },
        { name: 'f', doubleData: [0.1], stringData: [Uint8Array.of(3)], rawData: Uint8Array.of(4) },
      ],
    });
    expect(firstDifference(parseModel(bytes), fromBinary(ModelProtoSchema, bytes))).toBe('');
  });
});

describe('every form of the protobuf format is read', () => {
  it('lists whose elements come one by one', () => {
    const tensor = weight((out) => {
      out.tag(1, Varint).int64(2).tag(2, Varint).int32(1);
      out.tag(4, Bit32).float(1.5).tag(4, Bit32).float(-2);
    });
    expect(tensor?.data).toEqual(Float32Array.of(1.5, -2));
    const doubles = weight((out) => {
      out.tag(1, Varint).int64(2).tag(2, Varint).int32(11);
      out.tag(10, Bit64).double(0.1).tag(10, Bit64).double(-2);
    });
    expect(doubles?.data).toEqual(Float64Array.of(0.1, -2));
    const integers = weight((out) => {
      out.tag(1, Varint).int64(2).tag(2, Varint).int32(7);
      out.tag(7, Varint).int64(-5).tag(7, Varint).int64(6);
    });
    expect(integers?.data).toEqual(BigInt64Array.of(-5n, 6n));
  });

  it('lists in several pieces, some packed, some not', () => {
    const tensor = weight((out) => {
      out.tag(2, Varint).int32(6).tag(1, LengthDelimited).bytes(Uint8Array.of(5, 1));
      for (const piece of [[1, 2], [], [3]]) {
        out.tag(5, LengthDelimited).bytes(Uint8Array.from(piece));
      }
      out.tag(5, Varint).int32(-4).tag(5, LengthDelimited).bytes(Uint8Array.of(0x81, 0x01));
    });
    expect(tensor?.shape).toEqual([5, 1]);
    expect(tensor?.data).toEqual(Int32Array.of(1, 2, 3, -4, 129));
  });

  it('packed numbers are views of the file where they lie aligned', () => {
    const floats = new Uint8Array(Float32Array.of(1, 2).buffer);
    const views = Array.from({ length: 4 }, (_, pad) => {
      const bytes = withWeight((out) => {
        out.tag(12, LengthDelimited).string('-'.repeat(pad));
        out.tag(1, Varint).int64(2).tag(2, Varint).int32(1).tag(4, LengthDelimited).bytes(floats);
      });
      const { data } = read(bytes).initializers.get('w')!;
      expect(data).toEqual(Float32Array.of(1, 2));
      return (data as Float32Array).buffer === bytes.buffer;
    });
    expect(views.filter(Boolean)).toHaveLength(1);
  });

  it('fields it does not know, groups, and fields of another wire type than theirs are skipped', () => {
    const tensor = weight((out) => {
      out.tag(99, Varint).int64(-1).tag(98, Bit64).double(1).tag(97, Bit32).float(1);
      out.tag(96, StartGroup).tag(1, LengthDelimited).string('a').tag(96, EndGroup);
      out.tag(8, Varint).int64(3).tag(9, Bit32).float(1);
      out.tag(2, Varint).int32(2).tag(9, LengthDelimited).bytes(Uint8Array.of(7));
    });
    expect(tensor).toEqual({ dtype: 'uint8', shape: [], data: Uint8Array.of(7) });
  });

  it('a message that is there twice is put together, and the last of several forms counts', () => {
    const bytes = withField(7, (graph) => {
      graph.tag(2, LengthDelimited).string('later');
      graph.tag(13, LengthDelimited).fork().tag(1, LengthDelimited).string('v');
      graph.tag(2, LengthDelimited).fork();
      graph.tag(4, LengthDelimited).bytes(Uint8Array.of());
      graph.tag(1, LengthDelimited).bytes(Uint8Array.of(8, 7));
      graph.tag(1, LengthDelimited).bytes(Uint8Array.of(18, 0));
      graph.join().join();
    });
    const g = read(bytes);
    expect([g.name, g.nodes.length]).toEqual(['later', 1]);
    expect(g.values.get('v')).toEqual({ name: 'v', dtype: 'int64', shape: [] });
  });

  it('calls of functions that the model defines are refused', () => {
    const bytes = withField(25, (definition) => {
      definition.tag(1, LengthDelimited).string('Identity');
    });
    expect(errorOf(() => read(bytes))).toEqual({
      code: 'E_OP_UNSUPPORTED',
      message: expect.stringContaining('calls Identity, a function defined in the model') as string,
    });
  });
});

describe('a damaged message', () => {
  it.each<[string, (out: BinaryWriter) => void]>([
    [
      'whose list ends within a float',
      (out) => out.tag(4, LengthDelimited).bytes(new Uint8Array(7)),
    ],
    [
      'whose list ends within an integer',
      (out) => out.tag(7, LengthDelimited).bytes(Uint8Array.of(1, 128)),
    ],
    ['whose field ends beyond it', (out) => out.tag(9, LengthDelimited).uint32(40)],
    ['with a group that does not end', (out) => out.tag(99, StartGroup)],
    ['with a group that did not begin', (out) => out.tag(99, EndGroup)],
  ])('%s', (_, write) => {
    const bytes = withWeight((out) => {
      out.tag(2, Varint).int32(7);
      write(out);
    });
    // What comes after it keeps the file itself whole.
    const metadata = new BinaryWriter().tag(6, LengthDelimited).string('-'.repeat(60)).finish();
    expect(errorOf(() => read(Uint8Array.of(...bytes, ...metadata))).code).toBe('E_ONNX_INVALID');
  });

  const small = files.filter(([, file]) => statSync(file).size < 50_000);

  it.runIf(small.length > 0)('that was cut off says so', () => {
    for (const [name, file] of small) {
      const bytes = new Uint8Array(readFileSync(file));
      for (let length = 3; length < bytes.length; length += 97) {
        const { code } = errorOf(() => read(bytes.subarray(0, length)));
        expect(`${name} ${length} ${code}`).toBe(`${name} ${length} E_ONNX_TRUNCATED`);
      }
    }
  });

  it.runIf(small.length > 0)('with wrong bits raises nothing but a LensError, and ends', () => {
    const { data } = random(3, [20_000]);
    const below = (i: number, count: number) => Math.floor(((data[i]! + 1) / 2) * count);
    let refused = 0;
    for (let i = 0; i + 4 < data.length; i += 4) {
      const [, file] = small[below(i, small.length)]!;
      const bytes = new Uint8Array(readFileSync(file));
      bytes[below(i + 1, bytes.length)]! ^= 1 << below(i + 2, 8);
      // The front holds most of what is not weights.
      bytes[below(i + 3, Math.min(bytes.length, 200))]! ^= 1 << below(i + 2, 8);
      try {
        read(bytes);
      } catch (error) {
        refused++;
        if (!(error instanceof LensError)) throw error;
      }
    }
    expect(refused).toBeGreaterThan(500);
  });
});
