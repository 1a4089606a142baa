import type { Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { vjp } from '../src/index.js';
import { build, floats, integers, type Plain } from './support/build.js';
import { differenceError, tolerance } from './support/differences.js';

describe('Conv', () => {
  const cases: [string, number[], number[], Plain][] = [
    ['same', [2, 4, 7, 6], [3, 4, 3, 3], { pads: [1, 1, 1, 1] }],
    ['valid', [2, 4, 7, 6], [3, 4, 3, 2], {}],
    ['more padding than the kernel', [1, 2, 4, 4], [3, 2, 2, 2], { pads: [3, 2, 2, 3] }],
    ['asymmetric padding', [1, 2, 6, 5], [3, 2, 3, 3], { pads: [0, 1, 2, 1] }],
    ['stride 2', [2, 3, 8, 7], [4, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }],
    ['stride 3, windows stop early', [1, 3, 12, 13], [4, 3, 2, 2], { strides: [3, 3] }],
    ['stride over the kernel', [1, 3, 9, 9], [4, 3, 1, 1], { strides: [2, 3] }],
    ['dilation 2', [1, 3, 9, 9], [4, 3, 3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] }],
    ['dilation and stride', [2, 3, 12, 13], [4, 3, 3, 2], { dilations: [2, 3], strides: [2, 2] }],
    ['groups', [2, 6, 5, 5], [4, 3, 3, 3], { group: 2, pads: [1, 1, 1, 1] }],
    ['depthwise, stride 2', [2, 4, 7, 7], [8, 1, 3, 3], { group: 4, strides: [2, 2] }],
    [
      'groups, stride and dilation',
      [2, 4, 11, 9],
      [6, 2, 3, 2],
      { group: 2, strides: [2, 1], dilations: [2, 2] },
    ],
    ['SAME_UPPER', [1, 2, 8, 7], [3, 2, 3, 2], { strides: [2, 2], auto_pad: 'SAME_UPPER' }],
    ['SAME_LOWER', [1, 2, 8, 7], [3, 2, 4, 2], { auto_pad: 'SAME_LOWER' }],
    ['one axis', [2, 3, 9], [4, 3, 3], { strides: [2], pads: [1, 1] }],
    ['three axes', [1, 2, 5, 4, 5], [3, 2, 3, 2, 3], { strides: [2, 1, 1] }],
  ];
  it.each(cases)('%s', async (_, x, w, attributes) => {
    const graph = build(
      { x, w, c: [w[0]!] },
      [['Conv', ['x', 'w', 'c'], ['y'], attributes]],
      ['y'],
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
    const weights = { weights: ['w', 'c'] };
    expect(await differenceError(graph, weights)).toBeLessThan(tolerance);
  });
});

describe('ConvTranspose', () => {
  const cases: [string, number[], number[], Plain][] = [
    ['stride 2', [2, 4, 5, 4], [4, 3, 4, 4], { strides: [2, 2], pads: [1, 1, 1, 1] }],
    [
      'output padding',
      [1, 4, 5, 4],
      [4, 3, 3, 3],
      { strides: [2, 3], pads: [1, 1, 1, 1], output_padding: [1, 2] },
    ],
    ['groups', [2, 4, 5, 4], [4, 3, 3, 3], { group: 2, strides: [2, 2] }],
    ['dilation', [1, 2, 5, 4], [2, 3, 3, 2], { dilations: [2, 3] }],
    ['output shape', [1, 2, 5, 4], [2, 3, 3, 3], { strides: [2, 2], output_shape: [10, 8] }],
    ['SAME_UPPER', [1, 2, 5, 4], [2, 3, 3, 3], { strides: [2, 2], auto_pad: 'SAME_UPPER' }],
  ];
  it.each(cases)('%s', async (_, x, w, attributes) => {
    const outputs = w[1]! * ((attributes.group as number | undefined) ?? 1);
    const graph = build(
      { x, w, c: [outputs] },
      [['ConvTranspose', ['x', 'w', 'c'], ['y'], attributes]],
      ['y'],
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });
});

describe('dense layers', () => {
  it.each<[number[], number[], Plain]>([
    [[3, 4], [4, 5], {}],
    [[4, 3], [4, 5], { transA: 1, alpha: { float: 0.5 } }],
    [[3, 4], [5, 4], { transB: 1, beta: { float: 2 } }],
    [[4, 3], [5, 4], { transA: 1, transB: 1, alpha: { float: -2 } }],
  ])('Gemm %j %j %j', async (a, m, attributes) => {
    const graph = build({ a, m, c: [5] }, [['Gemm', ['a', 'm', 'c'], ['y'], attributes]], ['y']);
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it.each([
    [
      [3, 4],
      [4, 5],
    ],
    [
      [2, 3, 4],
      [4, 5],
    ],
    [
      [3, 4],
      [2, 4, 5],
    ],
    [
      [2, 1, 3, 4],
      [5, 4, 2],
    ],
    [[4], [2, 4, 5]],
    [[2, 3, 4], [4]],
    [[4], [4]],
  ])('MatMul %j %j', async (a, m) => {
    const graph = build({ a, m }, [['MatMul', ['a', 'm'], ['y']]], ['y']);
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });
});

describe('average pooling', () => {
  it.each<[string, number[], Plain]>([
    ['side by side', [2, 3, 6, 8], { kernel_shape: [2, 2], strides: [2, 2] }],
    ['side by side, a rest', [2, 3, 7, 8], { kernel_shape: [2, 3], strides: [2, 3] }],
    [
      'side by side, padded',
      [1, 2, 7, 7],
      { kernel_shape: [3, 3], strides: [3, 3], pads: [1, 1, 1, 1] },
    ],
    ['stride 1', [1, 2, 6, 5], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }],
    [
      'stride 1, pads count',
      [1, 2, 6, 5],
      { kernel_shape: [3, 2], pads: [1, 1, 1, 0], count_include_pad: 1 },
    ],
    ['overlapping', [1, 2, 8, 9], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
    [
      'overlapping, pads count',
      [1, 2, 8, 9],
      { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 },
    ],
    ['ceil', [1, 2, 8, 8], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }],
    [
      'ceil, pads count',
      [1, 2, 8, 8],
      {
        kernel_shape: [3, 3],
        strides: [2, 2],
        pads: [1, 1, 0, 0],
        ceil_mode: 1,
        count_include_pad: 1,
      },
    ],
    [
      'ceil, pads would count but there are none',
      [1, 2, 8, 9],
      { kernel_shape: [3, 2], strides: [3, 2], ceil_mode: 1, count_include_pad: 1 },
    ],
    ['SAME_UPPER', [1, 2, 7, 8], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }],
    [
      'SAME_LOWER, pads count',
      [1, 2, 7, 8],
      { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_LOWER', count_include_pad: 1 },
    ],
    ['all in one window', [2, 3, 4, 5], { kernel_shape: [4, 5] }],
  ])('AveragePool %s', async (_, x, attributes) => {
    const graph = build({ x }, [['AveragePool', ['x'], ['y'], attributes]], ['y']);
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });
});

describe('operators that move elements', () => {
  const one = (
    op: string,
    x: number[],
    attributes: Plain = {},
    lists: Record<string, number[]> = {},
    opset = 17,
  ): Graph => {
    const constants = Object.fromEntries(
      Object.entries(lists).map(([name, list]) => [name, integers(...list)]),
    );
    const inputs = ['x', ...Object.keys(lists).map((name) => (name.startsWith('_') ? '' : name))];
    return build({ x }, [[op, inputs, ['y'], attributes]], ['y'], constants, opset);
  };
  it.each<[string, Graph]>([
    ['GlobalAveragePool', one('GlobalAveragePool', [2, 3, 4, 5])],
    ['Reshape', one('Reshape', [2, 3, 4], {}, { shape: [4, -1] })],
    ['Flatten', one('Flatten', [2, 3, 4], { axis: 2 })],
    ['Squeeze', one('Squeeze', [2, 1, 3, 1], {}, { axes: [1] })],
    ['Unsqueeze', one('Unsqueeze', [2, 3], {}, { axes: [0, -1] })],
    ['Transpose', one('Transpose', [2, 3, 4], { perm: [2, 0, 1] })],
    ['Transpose by default', one('Transpose', [2, 3, 4])],
    ['Expand', one('Expand', [3, 1], {}, { shape: [2, 3, 4] })],
    ['Tile', one('Tile', [2, 3], {}, { repeats: [3, 2] })],
    ['Slice', one('Slice', [5, 7], {}, { starts: [1, -3], ends: [4, 100] })],
    [
      'Slice with steps',
      one('Slice', [9, 8], {}, { starts: [1, 0], ends: [9, 7], axes: [0, 1], steps: [3, 2] }),
    ],
    [
      'Slice backwards',
      one('Slice', [9, 8], {}, { starts: [-1, 6], ends: [-100, 0], axes: [0, 1], steps: [-1, -3] }),
    ],
    ['Pad', one('Pad', [3, 4], {}, { pads: [1, 2, 0, 3] })],
    ['Pad that crops', one('Pad', [5, 6], {}, { pads: [-1, 2, 1, -3] })],
    [
      'Pad reflect',
      one('Pad', [1, 2, 5, 6], { mode: 'reflect' }, { pads: [0, 0, 2, 1, 0, 0, 3, 4] }),
    ],
    ['Pad edge', one('Pad', [1, 2, 3, 4], { mode: 'edge' }, { pads: [0, 0, 2, 1, 0, 0, 3, 4] })],
    ['Gather of neighbours', one('Gather', [2, 6, 3], { axis: 1 }, { indices: [2, 3, 4] })],
    ['Gather with repeats', one('Gather', [2, 6, 3], { axis: 1 }, { indices: [4, -2, 0, 4] })],
    ['Gather along the last axis', one('Gather', [2, 3, 6], { axis: -1 }, { indices: [5, 1] })],
    ['DepthToSpace', one('DepthToSpace', [2, 12, 3, 2], { blocksize: 2 })],
    ['DepthToSpace CRD', one('DepthToSpace', [2, 12, 3, 2], { blocksize: 2, mode: 'CRD' })],
    ['SpaceToDepth', one('SpaceToDepth', [2, 3, 4, 6], { blocksize: 2 })],
    ['ReduceSum', one('ReduceSum', [2, 3, 4], { keepdims: 0 }, { axes: [-1, 0] })],
    ['ReduceMean', one('ReduceMean', [2, 3, 4], { keepdims: 0, axes: [1] })],
    ['ReduceMean over all', one('ReduceMean', [2, 3, 4])],
    ['ReduceMean of opset 18', one('ReduceMean', [2, 3, 4], {}, { axes: [1, 2] }, 18)],
    ['Identity', one('Identity', [2, 3])],
    ['Dropout', one('Dropout', [2, 3])],
  ])('%s', async (_, graph) => {
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it.each([
    ['scalar', [], [1, 2, 0, 3]],
    ['of one element', [1], [1, 2, 0, 3]],
    ['with an axis that is cropped', [], [-1, 2, 1, -3]],
  ] as const)('Pad with a constant value, %s', async (_, value, pads) => {
    const constants = { pads: integers(...pads) };
    const inputs = { x: [5, 6], value: [...value] };
    const graph = build(inputs, [['Pad', ['x', 'pads', 'value'], ['y']]], ['y'], constants);
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it('Concat and Split', async () => {
    const graph = build(
      { a: [2, 3, 4], c: [2, 2, 4], d: [2, 4, 4] },
      [
        ['Concat', ['a', 'c', 'd'], ['all'], { axis: 1 }],
        ['Split', ['all', 'parts'], ['p', 'q', 'r'], { axis: -2 }],
        ['Concat', ['r', 'p'], ['y'], { axis: -1 }],
      ],
      ['y'],
      { parts: integers(4, 1, 4) },
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it('Gather with computed indices', async () => {
    const graph = build(
      { x: [2, 5, 3], p: [4] },
      [
        ['Abs', ['p'], ['size']],
        ['Mul', ['size', 'four'], ['wide']],
        ['Cast', ['wide'], ['indices'], { to: 7 }],
        ['Gather', ['x', 'indices'], ['y'], { axis: 1 }],
      ],
      ['y'],
      { four: floats([], [4]) },
    );
    expect(await differenceError(graph, { wrt: ['x'] })).toBeLessThan(tolerance);
  });
});

describe('Resize', () => {
  it.each([
    ['not_larger', [2, 2, 9, 11]],
    ['not_smaller', [2, 2, 9, 11]],
  ] as const)('that keeps proportions, %s, of sizes %j', async (policy, sizes) => {
    const attributes = {
      mode: 'linear',
      coordinate_transformation_mode: 'half_pixel',
      keep_aspect_ratio_policy: policy,
      axes: [2, 3],
    };
    const graph = build(
      { x: [2, 2, 4, 6] },
      [['Resize', ['x', '', '', 'sizes'], ['y'], attributes]],
      ['y'],
      { sizes: integers(...sizes.slice(2)) },
      18,
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it('with the coordinates of TensorFlow for the nearest pixel', async () => {
    const attributes = {
      mode: 'nearest',
      coordinate_transformation_mode: 'tf_half_pixel_for_nn',
      nearest_mode: 'floor',
    };
    const graph = build(
      { x: [1, 2, 4, 6] },
      [['Resize', ['x', 'roi', 'scales'], ['y'], attributes]],
      ['y'],
      { roi: floats([0], []), scales: floats([4], [1, 1, 0.75, 1.7]) },
      11,
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it.each([
    ['somewhere_else', /Resize .*coordinate_transformation_mode is "somewhere_else"/],
    ['tf_crop_and_resize', /Resize .*tf_crop_and_resize is not supported/],
  ])('with coordinates that are not computed here is refused by name: %s', (mode, message) => {
    const attributes = { coordinate_transformation_mode: mode };
    const derive = (): unknown => {
      const graph = build(
        { x: [1, 1, 4, 4] },
        [['Resize', ['x', '', '', 'sizes'], ['y'], attributes]],
        ['y'],
        { sizes: integers(1, 1, 8, 8) },
      );
      return vjp(graph, { cotangents: { y: { input: 'dy' } }, wrt: ['x'] });
    };
    expect(derive).toThrow(message);
  });

  const modes: [Plain, number[]][] = [];
  for (const mode of ['nearest', 'linear', 'cubic']) {
    for (const coordinates of ['half_pixel', 'asymmetric', 'align_corners', 'pytorch_half_pixel']) {
      for (const size of [
        [7, 11],
        [8, 12],
        [3, 4],
      ]) {
        modes.push([{ mode, coordinate_transformation_mode: coordinates }, size]);
      }
    }
  }
  it.each(modes)('%j to %j', async (attributes, size) => {
    const graph = build(
      { x: [1, 2, 4, 6] },
      [['Resize', ['x', '', '', 'sizes'], ['y'], attributes]],
      ['y'],
      { sizes: integers(1, 2, ...size) },
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it.each<[Plain, number[]]>([
    [
      { mode: 'nearest', nearest_mode: 'floor', coordinate_transformation_mode: 'asymmetric' },
      [2, 3],
    ],
    [{ mode: 'nearest', nearest_mode: 'ceil' }, [1.7, 0.6]],
    [{ mode: 'nearest', nearest_mode: 'round_prefer_ceil' }, [1.5, 2.5]],
    [{ mode: 'linear' }, [1.6, 0.7]],
    [{ mode: 'cubic', exclude_outside: 1, cubic_coeff_a: { float: -0.5 } }, [2, 1.3]],
  ])('%j by %j', async (attributes, scales) => {
    const graph = build(
      { x: [1, 2, 4, 6] },
      [['Resize', ['x', '', 'scales'], ['y'], attributes]],
      ['y'],
      { scales: floats([4], [1, 1, ...scales]) },
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });
});
