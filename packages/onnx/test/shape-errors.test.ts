import { describe, expect, it } from 'vitest';
import { supportedOperators, type TensorData } from '../src/index.js';
import { errorOf, floats, longs, node, shapeOf } from './build.js';

type Attributes = Parameters<typeof node>[3];

describe('what does not go together is said with the node, what was expected and what was got', () => {
  const cases: [string, string[], Attributes, Record<string, TensorData>, string][] = [
    [
      'Conv',
      ['x', 'w'],
      {},
      { w: floats([64, 4, 3, 3]) },
      'Conv "Conv:y": the input has 3 channels, the weights [64, 4, 3, 3] with 1 group expect 4.',
    ],
    [
      'Conv',
      ['x', 'w'],
      {},
      { w: floats([64, 3, 3]) },
      'Conv "Conv:y": the input [1, 3, 8, 8] has 4 axes, the weights [64, 3, 3] have 3; they must have as many.',
    ],
    [
      'Conv',
      ['x', 'w'],
      {},
      { w: floats([2, 3, 9, 3]) },
      'Conv "Conv:y": the window of 9 does not fit an input of 8 with padding 0 (spatial axis 0); the input must be at least 9.',
    ],
    [
      'Conv',
      ['x', 'w', 'b'],
      {},
      { w: floats([2, 3, 3, 3]), b: floats([3]) },
      'Conv "Conv:y": the bias must have shape [2], one number an output channel, but has [3].',
    ],
    [
      'ConvTranspose',
      ['x', 'w'],
      {},
      { w: floats([4, 2, 3, 3]) },
      'ConvTranspose "ConvTranspose:y": the input has 3 channels, the weights [4, 2, 3, 3] expect 4.',
    ],
    [
      'BatchNormalization',
      ['x', 'w', 'w', 'w', 'w'],
      {},
      { w: floats([4]) },
      'BatchNormalization "BatchNormalization:y": the input [1, 3, 8, 8] has 3 channels, but a parameter has shape [4]; [3] was expected.',
    ],
    [
      'Add',
      ['x', 'w'],
      {},
      { w: floats([3]) },
      'Add "Add:y": the shapes [1, 3, 8, 8] and [3] do not broadcast to one shape.',
    ],
    [
      'MatMul',
      ['x', 'w'],
      {},
      { w: floats([7, 2]) },
      'MatMul "MatMul:y": the factors [1, 3, 8, 8] and [7, 2] do not go together: the inner extents are 8 and 7.',
    ],
    [
      'Reshape',
      ['x', 's'],
      {},
      { s: longs(5, -1) },
      'Reshape "Reshape:y": [1, 3, 8, 8] has 192 elements, which do not fill [5, -1].',
    ],
    [
      'Reshape',
      ['x', 's'],
      {},
      { s: longs(5, 2) },
      'Reshape "Reshape:y": [1, 3, 8, 8] has 192 elements and cannot become [5, 2] with 10.',
    ],
    [
      'Concat',
      ['x', 'w'],
      { axis: 1 },
      { w: floats([1, 3, 4, 4]) },
      'Concat "Concat:y": input 2 has shape [1, 3, 4, 4], which does not join [1, 3, 8, 8] along axis 1: the other extents must be equal.',
    ],
    [
      'Softmax',
      [''],
      {},
      {},
      'Softmax "Softmax:y": the node has no input 1, which the operator needs.',
    ],
    [
      'Squeeze',
      ['x', 'a'],
      {},
      { a: longs(1) },
      'Squeeze "Squeeze:y": axis 1 of [1, 3, 8, 8] cannot be removed: its extent is 3, not 1.',
    ],
    [
      'ReduceSum',
      ['x', 'a'],
      {},
      { a: longs(4) },
      'ReduceSum "ReduceSum:y": there is no axis 4: the input has 4 axes.',
    ],
  ];
  it.each(cases)('%s %j %j', (op, inputs, attributes, weights, message) => {
    const error = errorOf(() =>
      shapeOf([node(op, inputs, ['y'], attributes)], [1, 3, 8, 8], weights),
    );
    expect(error.message).toBe(message);
    expect(error.code).toMatch(/^E_(SHAPE|ONNX_INVALID)$/);
  });

  it('an operator without a rule is named with its domain and node', () => {
    const strange = { ...node('FusedConv', ['x'], ['y']), domain: 'com.microsoft' };
    const error = errorOf(() => shapeOf([strange], [1]));
    expect(error.code).toBe('E_OP_UNSUPPORTED');
    expect(error.message).toBe(
      'The node "FusedConv:y" uses the operator com.microsoft.FusedConv, for which Convlens has no rule.',
    );
    const quantised = errorOf(() =>
      shapeOf([node('QLinearConv', ['x'], ['z']), node('NonMaxSuppression', ['z'], ['y'])], [1]),
    );
    expect(quantised.message).toContain('It also uses NonMaxSuppression');
    expect(quantised.message).toContain('The model is quantised: take its float32 version.');
  });
});

it('the operators of convolutional networks all have rules', () => {
  const known = supportedOperators();
  expect(known).toEqual([...known].sort());
  const some = [
    'AveragePool',
    'BatchNormalization',
    'Concat',
    'Conv',
    'ConvTranspose',
    'Gemm',
    'LRN',
  ];
  expect(known).toEqual(expect.arrayContaining(some));
  expect(errorOf(() => shapeOf([node('toString', ['x'], ['y'])], [1])).code).toBe(
    'E_OP_UNSUPPORTED',
  );
});
