import type { MessageInitShape } from '@bufbuild/protobuf';
import type { TensorProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { read } from '../src/index.js';
import { errorOf } from './build.js';
import { around, model } from './protobuf.js';

function weight(parts: MessageInitShape<typeof TensorProtoSchema>) {
  const bytes = model({ ...around, initializer: [{ name: 'w', dims: [2n], ...parts }] });
  return read(bytes).initializers.get('w');
}

describe('weights are read however they are stored', () => {
  const raw = (array: ArrayBufferView<ArrayBuffer>) => ({ rawData: new Uint8Array(array.buffer) });
  it.each([
    ['float_data', { dataType: 1, floatData: [1.5, -2] }, 'float32', [1.5, -2]],
    ['raw float', { dataType: 1, ...raw(Float32Array.of(1.5, -2)) }, 'float32', [1.5, -2]],
    ['double_data', { dataType: 11, doubleData: [0.1, -2] }, 'float64', [0.1, -2]],
    ['raw double', { dataType: 11, ...raw(Float64Array.of(0.1, -2)) }, 'float64', [0.1, -2]],
    ['int32_data', { dataType: 6, int32Data: [7, -7] }, 'int32', [7, -7]],
    ['int32_data of int8', { dataType: 3, int32Data: [7, -7] }, 'int8', [7, -7]],
    ['int32_data of uint8', { dataType: 2, int32Data: [7, 255] }, 'uint8', [7, 255]],
    ['int32_data of int16', { dataType: 5, int32Data: [7, -300] }, 'int16', [7, -300]],
    ['int32_data of uint16', { dataType: 4, int32Data: [7, 65535] }, 'uint16', [7, 65535]],
    ['int32_data of bool', { dataType: 9, int32Data: [1, 0] }, 'bool', [1, 0]],
    ['raw bool', { dataType: 9, rawData: Uint8Array.of(0, 1) }, 'bool', [0, 1]],
    ['int64_data', { dataType: 7, int64Data: [5n, -(2n ** 60n)] }, 'int64', [5n, -(2n ** 60n)]],
    ['raw int64', { dataType: 7, ...raw(BigInt64Array.of(5n, -6n)) }, 'int64', [5n, -6n]],
    ['uint64_data', { dataType: 13, uint64Data: [5n, 2n ** 63n] }, 'uint64', [5n, 2n ** 63n]],
    ['uint64_data of uint32', { dataType: 12, uint64Data: [5n, 9n] }, 'uint32', [5, 9]],
    [
      'float16 in int32_data',
      { dataType: 10, int32Data: [0x3c00, 0xc000] },
      'float16',
      [0x3c00, 0xc000],
    ],
    ['raw float16', { dataType: 10, ...raw(Uint16Array.of(0x3c00, 1)) }, 'float16', [0x3c00, 1]],
    ['bfloat16 in int32_data', { dataType: 16, int32Data: [0x3f80, 0xc000] }, 'float32', [1, -2]],
    ['raw bfloat16', { dataType: 16, ...raw(Uint16Array.of(0x3fc0, 0)) }, 'float32', [1.5, 0]],
    [
      'string_data',
      { dataType: 8, stringData: [Uint8Array.of(104, 105), Uint8Array.of()] },
      'string',
      ['hi', ''],
    ],
  ])('%s', (_, parts, dtype, data) => {
    const tensor = weight(parts);
    expect(tensor?.dtype).toBe(dtype);
    expect(Array.from(tensor?.data as ArrayLike<unknown>)).toEqual(data);
  });

  it('raw data that lies aligned in the file is not copied', () => {
    const shared = Array.from({ length: 8 }, (_, pad) => {
      const bytes = model({
        ...around,
        name: 'g'.repeat(pad + 1),
        initializer: [{ name: 'w', dims: [2n], dataType: 1, rawData: new Uint8Array(8) }],
      });
      return read(bytes).initializers.get('w')?.data as Float32Array;
    }).filter((data) => data.buffer.byteLength > 8);
    expect(shared.length).toBe(2);
  });

  it('large float_data and double_data, beside other weights', () => {
    const floatData = Array.from({ length: 5000 }, (_, i) => i / 4);
    const initializer = [
      { name: 'raw', dims: [1n], dataType: 1, rawData: new Uint8Array(4) },
      { name: 'f', dims: [50n, 100n], dataType: 1, floatData },
      { name: 'small', dims: [1n], dataType: 1, floatData: [3] },
      { name: 'd', dims: [5000n], dataType: 11, doubleData: floatData },
    ];
    const g = read(model({ ...around, initializer }));
    expect(g.nodes.length).toBe(1);
    expect(g.initializers.get('raw')?.data).toEqual(Float32Array.of(0));
    expect(g.initializers.get('f')).toEqual({
      dtype: 'float32',
      shape: [50, 100],
      data: Float32Array.from(floatData),
    });
    expect(g.initializers.get('small')?.data).toEqual(Float32Array.of(3));
    expect(g.initializers.get('d')?.data).toEqual(Float64Array.from(floatData));
  });

  it('a Node.js Buffer out of a pool is read like any bytes', () => {
    const bytes = model({
      ...around,
      initializer: [{ name: 'w', dims: [2n], dataType: 2, rawData: Uint8Array.of(4, 5) }],
    });
    const data = read(Buffer.from(bytes)).initializers.get('w')?.data;
    expect(data?.constructor).toBe(Uint8Array);
    expect(Array.from(data as Uint8Array)).toEqual([4, 5]);
  });

  it('says which weight has the wrong number of elements', () => {
    expect(errorOf(() => weight({ dataType: 1, floatData: [1, 2, 3] }))).toEqual({
      code: 'E_ONNX_INVALID',
      message:
        'The initialiser "w" has shape [2], which is 2 elements of float32, but the file holds 3.',
    });
  });

  it('says which weight has a type that is not handled', () => {
    const error = errorOf(() => weight({ dataType: 17, rawData: new Uint8Array(2) }));
    expect(error.code).toBe('E_OP_UNSUPPORTED');
    expect(error.message).toContain('"w" has elements of type float8e4m3fn');
  });
});

describe('external data', () => {
  const entry = (key: string, value: string) => ({ key, value });
  const bytes = model({
    ...around,
    initializer: [
      {
        name: 'w',
        dims: [2n],
        dataType: 1,
        dataLocation: 1,
        externalData: [
          entry('location', 'weights/w.bin'),
          entry('offset', '4'),
          entry('length', '8'),
        ],
      },
    ],
  });

  it('is taken from the file that is given under its location', () => {
    const file = new Uint8Array(Float32Array.of(9, 3, 4).buffer);
    const { initializers } = read(bytes, { externalData: new Map([['weights/w.bin', file]]) });
    expect(Array.from(initializers.get('w')?.data as Float32Array)).toEqual([3, 4]);
  });

  it('names the file when it is missing, and when it is too short', () => {
    expect(errorOf(() => read(bytes))).toEqual({
      code: 'E_ONNX_EXTERNAL_DATA',
      message:
        'The initialiser "w" is kept in a second file, "weights/w.bin". Give that file together with the model.',
    });
    const short = new Map([['weights/w.bin', new Uint8Array(8)]]);
    const error = errorOf(() => read(bytes, { externalData: short }));
    expect(error.code).toBe('E_ONNX_EXTERNAL_DATA');
    expect(error.message).toContain('bytes 4 to 12 of "weights/w.bin"');
  });
});
