import { describe, expect, it } from 'vitest';
import { inferShapes, type Attribute, type TensorData } from '../src/index.js';
import { floats, graph, info, long, longs, node, random, run } from './build.js';

type Attributes = Parameters<typeof node>[3];

const floatsOf = (...value: number[]): Attribute => ({ type: 'floats', value });

describe('types and shapes are those that ONNX Runtime produces', () => {
  const image = [2, 4, 9, 11];
  const w = (...shape: number[]): Record<string, TensorData> => ({ w: random(5, shape) });
  const cases: [string, string[], Attributes, Record<string, TensorData>?, number?, number[]?][] = [
    ['Conv', ['x', 'w'], {}, w(6, 4, 3, 3)],
    ['Conv', ['x', 'w'], { strides: [2, 3], pads: [1, 2, 0, 1], dilations: [2, 1] }, w(6, 4, 3, 2)],
    ['Conv', ['x', 'w'], { group: 2, auto_pad: 'VALID', strides: [2, 2] }, w(6, 2, 3, 3)],
    ['Conv', ['x', 'w'], { auto_pad: 'SAME_UPPER', strides: [2, 2] }, w(6, 4, 3, 3)],
    ['Conv', ['x', 'w'], { auto_pad: 'SAME_LOWER', strides: [3, 2] }, w(6, 4, 2, 2)],
    ['Conv', ['x', 'w'], { kernel_shape: [3] }, w(6, 4, 3), 17, [2, 4, 9]],
    ['ConvTranspose', ['x', 'w'], { strides: [2, 3] }, w(4, 6, 3, 3)],
    [
      'ConvTranspose',
      ['x', 'w'],
      { strides: [2, 2], pads: [1, 0, 1, 1], output_padding: [1, 1], dilations: [2, 1] },
      w(4, 6, 3, 3),
    ],
    [
      'ConvTranspose',
      ['x', 'w'],
      { group: 2, strides: [2, 2], output_shape: [18, 22] },
      w(4, 3, 3, 3),
    ],
    ['ConvTranspose', ['x', 'w'], { auto_pad: 'SAME_UPPER', strides: [2, 3] }, w(4, 6, 3, 3)],
    ['MaxPool', ['x'], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }],
    ['MaxPool', ['x'], { kernel_shape: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 }],
    [
      'MaxPool',
      ['x'],
      { kernel_shape: [3, 2], strides: [3, 1], dilations: [2, 3], pads: [1, 1, 1, 0] },
    ],
    [
      'AveragePool',
      ['x'],
      {
        kernel_shape: [3, 3],
        strides: [2, 2],
        ceil_mode: 1,
        count_include_pad: 1,
        pads: [1, 1, 1, 1],
      },
    ],
    ['AveragePool', ['x'], { kernel_shape: [3, 3], auto_pad: 'SAME_UPPER', strides: [2, 2] }],
    ['LpPool', ['x'], { kernel_shape: [3, 3], strides: [2, 2] }],
    ['GlobalAveragePool', ['x'], {}],
    ['GlobalMaxPool', ['x'], {}],
    ['LRN', ['x'], { size: 3 }],
    ['InstanceNormalization', ['x', 'w', 'w'], {}, w(4)],
    ['LayerNormalization', ['x', 'w'], {}, w(11)],
    ['Softmax', ['x'], { axis: 1 }],
    ['Gemm', ['x', 'w'], { transA: 1, transB: 1 }, w(5, 3), 17, [3, 7]],
    ['MatMul', ['x', 'w'], {}, w(11, 5)],
    ['MatMul', ['x', 'w'], {}, w(11)],
    ['MatMul', ['x', 'w'], {}, w(2, 1, 3, 5), 17, [3]],
    ['Add', ['x', 'w'], {}, w(4, 1, 1)],
    ['Pow', ['x', 'w'], {}, { w: floats([], [2]) }],
    [
      'Where',
      ['c', 'x', 'w'],
      {},
      { c: { dtype: 'bool', shape: [1], data: Uint8Array.of(1) }, ...w(3, 1, 4, 1, 1) },
    ],
    ['Less', ['x', 'w'], {}, w(1, 11)],
    ['Max', ['x', 'w', 'x'], {}, w(11)],
    ['PRelu', ['x', 'w'], {}, w(4, 1, 1)],
    ['Flatten', ['x'], { axis: 2 }],
    ['Flatten', ['x'], { axis: 0 }],
    ['Flatten', ['x'], { axis: -1 }],
    ['Reshape', ['x', 's'], {}, { s: longs(0, -1, 11) }],
    ['Transpose', ['x'], { perm: [0, 2, 3, 1] }],
    ['Transpose', ['x'], {}],
    ['Squeeze', ['x'], { axes: [0, -1] }, {}, 11, [1, 3, 1]],
    ['Squeeze', ['x', 'a'], {}, { a: longs(-3) }, 13, [1, 3, 1]],
    ['Squeeze', ['x'], {}, {}, 13, [1, 3, 1]],
    ['Unsqueeze', ['x'], { axes: [0, 3] }, {}, 11, [2, 3]],
    ['Unsqueeze', ['x', 'a'], {}, { a: longs(-1, 0) }, 13, [2, 3]],
    ['Concat', ['x', 'w', 'x'], { axis: -3 }, w(2, 1, 9, 11)],
    ['Slice', ['x'], { starts: [1, -3], ends: [3, 1000], axes: [1, 2] }, {}, 9],
    [
      'Slice',
      ['x', 's', 'e', 'a', 'p'],
      {},
      { s: longs(-1, 1), e: longs(-1000, 2 ** 40), a: longs(2, 3), p: longs(-2, 3) },
    ],
    ['Slice', ['x', 's', 'e'], {}, { s: longs(1), e: longs(1) }],
    ['Pad', ['x'], { pads: [0, 0, 1, 2, 0, 1, 3, 0], mode: 'reflect' }, {}, 10],
    ['Pad', ['x', 'p'], {}, { p: longs(0, 0, -1, 2, 0, 0, 3, -2) }],
    ['Pad', ['x', 'p', '', 'a'], {}, { p: longs(1, 2, 3, 4), a: longs(-1, 1) }, 18],
    ['Gather', ['x', 'i'], { axis: -2 }, { i: { ...longs(0, 1, 2, 3), shape: [2, 2] } }],
    ['GatherElements', ['x', 'i'], { axis: 1 }, { i: { ...longs(0, 1), shape: [1, 2, 1, 1] } }],
    ['GatherND', ['x', 'i'], { batch_dims: 1 }, { i: { ...longs(0, 1, 2, 3), shape: [2, 2] } }],
    [
      'ScatterElements',
      ['x', 'i', 'u'],
      { axis: 1 },
      { i: { ...longs(0, 1), shape: [1, 2, 1, 1] }, u: random(1, [1, 2, 1, 1]) },
    ],
    [
      'ScatterND',
      ['x', 'i', 'u'],
      {},
      { i: { ...longs(1), shape: [1, 1] }, u: random(1, [1, 4, 9, 11]) },
    ],
    ['Expand', ['x', 's'], {}, { s: longs(3, 1, 4, 1, 1) }],
    ['Tile', ['x', 's'], {}, { s: longs(1, 2, 3, 1) }],
    ['Upsample', ['x'], { scales: floatsOf(1, 1, 2, 1.5), mode: 'nearest' }, {}, 7],
    ['Upsample', ['x', 's'], {}, { s: floats([4], [1, 1, 2, 3]) }, 9],
    ['Resize', ['x', 's'], {}, { s: floats([4], [1, 1, 0.4, 2.3]) }, 10],
    ['Resize', ['x', '', 's'], {}, { s: floats([4], [1, 1, 0.7, 1.9]) }, 13],
    ['Resize', ['x', '', '', 'z'], { mode: 'linear' }, { z: longs(2, 4, 5, 30) }, 13],
    [
      'Resize',
      ['x', '', '', 'z'],
      { axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' },
      { z: longs(5, 30) },
      18,
    ],
    ['DepthToSpace', ['x'], { blocksize: 2 }],
    ['SpaceToDepth', ['x'], { blocksize: 2 }, {}, 17, [1, 3, 4, 6]],
    ['ReduceMean', ['x'], { axes: [2, 3] }],
    ['ReduceMean', ['x', 'a'], { keepdims: 0 }, { a: longs(-1, 1) }, 18],
    ['ReduceSum', ['x', 'a'], { keepdims: 0 }, { a: longs(1) }, 13],
    ['ReduceMax', ['x'], { keepdims: 0 }],
    ['ReduceSum', ['x'], { noop_with_empty_axes: 1 }, {}, 13],
    ['ArgMax', ['x'], { axis: 1, keepdims: 0 }],
    ['Cast', ['x'], { to: 7 }],
    ['Shape', ['x'], { start: 1, end: -1 }],
    ['Size', ['x'], {}],
    ['ConstantOfShape', ['s'], {}, { s: longs(2, 3) }],
    ['Range', ['a', 'b', 'c'], {}, { a: long(2), b: long(11), c: long(4) }],
    [
      'OneHot',
      ['i', 'd', 'v'],
      { axis: 0 },
      { i: longs(1, 2), d: long(5), v: floats([2], [0, 1]) },
    ],
    ['CumSum', ['x', 'a'], {}, { a: long(1) }],
    ['EyeLike', ['x'], { dtype: 7 }, {}, 17, [3, 4]],
    ['Trilu', ['x'], {}],
    ['Einsum', ['x', 'w'], { equation: 'nchw,cd->ndw' }, w(4, 5)],
    ['Celu', ['x'], {}],
    ['HardSwish', ['x'], {}],
    ['Erf', ['x'], {}],
    ['IsNaN', ['x'], {}],
  ];
  it.each(cases.map((c) => [c[0], JSON.stringify(c[2]), c[4] ?? 17, c] as const))(
    '%s %s, opset %i',
    async (_, __, opset, [op, inputs, attributes, weights = {}, , x = image]) => {
      const g = graph({
        opset,
        inputs: [info('x', x)],
        outputs: [info('y')],
        nodes: [node(op, inputs, ['y'], attributes)],
        weights,
      });
      const found = inferShapes(g).outputs[0]!;
      const outputs = [{ ...found, shape: undefined }];
      const result = (await run({ ...g, outputs }, { x: random(3, x) })).y;
      expect(found.shape).toEqual(result?.dims);
      expect(found.dtype).toBe(result?.type);
    },
  );

  it.each([
    ['Split', ['x'], 3, { axis: 1, split: [1, 2, 1] }, {}, 11],
    ['Split', ['x', 's'], 2, { axis: -1 }, { s: longs(4, 7) }, 13],
    ['Split', ['x'], 2, { axis: 1 }, {}, 13],
    ['Split', ['x'], 3, { axis: 2, num_outputs: 3 }, {}, 18],
    ['TopK', ['x', 'k'], 2, { axis: 1 }, { k: longs(3) }, 13],
    ['MaxPool', ['x'], 2, { kernel_shape: [2, 2] }, {}, 12],
    ['Dropout', ['x'], 2, {}, {}, 13],
    ['LayerNormalization', ['x', 'w'], 3, { axis: 2 }, { w: random(3, [9, 11]) }, 17],
  ] as const)('%s of %j with %i outputs', async (op, inputs, count, attributes, weights, opset) => {
    const names = Array.from({ length: count }, (_, i) => `y${i}`);
    const g = graph({
      opset,
      inputs: [info('x', image)],
      outputs: names.map((n) => info(n)),
      nodes: [node(op, inputs, names, attributes)],
      weights,
    });
    const inferred = inferShapes(g);
    const results = await run(
      { ...inferred, outputs: inferred.outputs.map((o) => ({ ...o, shape: undefined })) },
      { x: random(3, image) },
    );
    for (const { name, shape, dtype } of inferred.outputs) {
      expect([name, shape, dtype]).toEqual([name, results[name]?.dims, results[name]?.type]);
    }
  });
});
