import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import {
  float32,
  inferShapes,
  write,
  type Attribute,
  type Graph,
  type TensorData,
} from '@convlens/onnx';
import { maxPoolingOf, poolingSwitches } from '../src/index.js';

const ints = (...value: number[]): Attribute => ({ type: 'ints', value });
const text = (value: string): Attribute => ({
  type: 'string',
  value,
});

/** A graph of one pooling over a map of 3 channels. */
function pool(
  op: string,
  attributes: Record<string, Attribute>,
  [height, width]: readonly [number, number],
): Graph {
  const indices = op === 'MaxPool' ? ['indices'] : [];
  return inferShapes({
    name: 'pool',
    opset: 13,
    otherOpsets: {},
    inputs: [{ name: 'x', dtype: 'float32', shape: [1, 3, height, width] }],
    outputs: ['y', ...indices].map((name) => ({
      name,
      dtype: name === 'y' ? ('float32' as const) : ('int64' as const),
      shape: undefined,
    })),
    nodes: [
      { name: 'pool', op, domain: '', inputs: ['x'], outputs: ['y', ...indices], attributes },
    ],
    initializers: new Map(),
    values: new Map(),
    metadata: new Map(),
    producer: 'test',
  });
}

/** A map with few different values, so that there are ties in most windows. */
function map(height: number, width: number, levels: number): TensorData<'float32'> {
  let state = height * 1000 + width + levels;
  const next = (): number => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
  const data = Float32Array.from(
    { length: 3 * height * width },
    () => Math.floor(next() * levels) - 1,
  );
  return float32(data, [1, 3, height, width]);
}

const cases: readonly (readonly [string, Record<string, Attribute>, readonly [number, number]])[] =
  [
    ['2 x 2', { kernel_shape: ints(2, 2), strides: ints(2, 2) }, [8, 6]],
    ['overlapping', { kernel_shape: ints(3, 3), strides: ints(2, 2) }, [15, 15]],
    ['padded', { kernel_shape: ints(3, 3), strides: ints(2, 2), pads: ints(1, 1, 1, 1) }, [9, 10]],
    [
      'padded on one side',
      { kernel_shape: ints(3, 2), strides: ints(2, 1), pads: ints(0, 1, 2, 0) },
      [7, 8],
    ],
    [
      'ceil_mode',
      { kernel_shape: ints(3, 3), strides: ints(2, 2), ceil_mode: { type: 'int', value: 1 } },
      [8, 10],
    ],
    ['dilated', { kernel_shape: ints(2, 3), strides: ints(1, 2), dilations: ints(3, 2) }, [9, 12]],
    [
      'SAME_UPPER',
      { kernel_shape: ints(3, 3), strides: ints(2, 2), auto_pad: text('SAME_UPPER') },
      [9, 8],
    ],
    [
      'SAME_LOWER',
      { kernel_shape: ints(2, 2), strides: ints(2, 2), auto_pad: text('SAME_LOWER') },
      [7, 7],
    ],
  ];

describe('switches of max-pooling', () => {
  it.each(cases)("%s: as the runtime's own indices, ties included", async (_, attributes, size) => {
    const graph = pool('MaxPool', attributes, size);
    const { source, geometry } = maxPoolingOf(graph, 'y')!;
    expect(source).toBe('x');
    const session = await ort.InferenceSession.create(write(graph));
    for (const levels of [2, 3, 1000]) {
      const x = map(...size, levels);
      const { y, indices } = await session.run({
        x: new ort.Tensor('float32', x.data, [...x.shape]),
      });
      const switches = poolingSwitches(x, geometry);
      const plane = size[0] * size[1];
      const count = switches.length / 3;
      const theirs = Array.from(indices!.data as BigInt64Array, Number);
      expect([...switches].map((at, i) => Math.floor(i / count) * plane + at)).toEqual(theirs);
      const values = [...switches].map((at, i) => x.data[Math.floor(i / count) * plane + at]);
      expect(values).toEqual([...(y!.data as Float32Array)]);
    }
    await session.release();
  });

  it('finds the first maximum of every window by looking at all of them', () => {
    const x = map(9, 11, 3);
    const graph = pool(
      'MaxPool',
      { kernel_shape: ints(3, 3), strides: ints(2, 2), pads: ints(1, 1, 1, 1) },
      [9, 11],
    );
    const { geometry } = maxPoolingOf(graph, 'y')!;
    const [rows, columns] = geometry.to as [number, number];
    expect([rows, columns]).toEqual([5, 6]);
    const expected: number[] = [];
    for (let channel = 0; channel < 3; channel++) {
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const seen: { at: number; value: number }[] = [];
          for (let at = 0; at < 99; at++) {
            const [y, x0] = [Math.floor(at / 11), at % 11];
            const isIn = Math.abs(y - 2 * row) <= 1 && Math.abs(x0 - 2 * column) <= 1;
            if (isIn) seen.push({ at, value: x.data[channel * 99 + at]! });
          }
          const most = Math.max(...seen.map(({ value }) => value));
          expected.push(seen.find(({ value }) => value === most)!.at);
        }
      }
    }
    expect([...poolingSwitches(x, geometry)]).toEqual(expected);
  });

  it('global pooling has one window', () => {
    const graph = pool('GlobalMaxPool', {}, [4, 5]);
    const { geometry } = maxPoolingOf(graph, 'y')!;
    const data = new Float32Array(60);
    data.set([3, 3], 7);
    data[20 + 19] = 1;
    expect([...poolingSwitches(float32(data, [1, 3, 4, 5]), geometry)]).toEqual([7, 19, 0]);
  });

  it('minus infinity wins where there is nothing else, not-a-number never', () => {
    const graph = pool('MaxPool', { kernel_shape: ints(1, 2), strides: ints(1, 2) }, [1, 6]);
    const { geometry } = maxPoolingOf(graph, 'y')!;
    const row = [-Infinity, -Infinity, NaN, -2, NaN, NaN];
    const x = float32(Float32Array.from([...row, ...row, ...row]), [3, 1, 6]);
    expect([...poolingSwitches(x, geometry)].slice(0, 3)).toEqual([0, 3, -1]);
  });

  it('is for max-poolings only, and for maps of their size', () => {
    const average = pool('AveragePool', { kernel_shape: ints(2, 2) }, [4, 4]);
    expect(maxPoolingOf(average, 'y')).toBeUndefined();
    expect(maxPoolingOf(average, 'x')).toBeUndefined();
    const { geometry } = maxPoolingOf(pool('GlobalMaxPool', {}, [4, 5]), 'y')!;
    expect(() => poolingSwitches(map(5, 5, 3), geometry)).toThrow(/map of 4 x 5 to pool/);
  });
});
