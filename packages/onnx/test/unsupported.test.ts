import { create } from '@bufbuild/protobuf';
import { ValueInfoProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { read, simplify } from '../src/index.js';
import { errorOf, info } from './build.js';
import { around, identity, model, typed } from './protobuf.js';

describe('what is not handled is said', () => {
  it.each([
    [
      'control flow',
      { node: [{ ...identity, name: 'branch', opType: 'If' }] },
      'The node "branch" is control flow (If)',
    ],
    [
      'a graph in an attribute',
      {
        node: [
          {
            ...identity,
            name: 'odd',
            opType: 'Strange',
            attribute: [{ name: 'body', type: 5, g: { name: 'b' } }],
          },
        ],
      },
      'The attribute body of the node "odd" (Strange) is a graph',
    ],
    [
      'an input of complex numbers',
      { input: [typed('x', 14)] },
      'The input "x" of the model is of type complex64',
    ],
    [
      'a sequence',
      { input: [{ name: 'x', type: { value: { case: 'sequenceType' as const, value: {} } } }] },
      'The input "x" of the model is of type sequence',
    ],
    [
      'a sparse weight',
      { sparseInitializer: [{ values: { name: 's' } }] },
      'The initialiser "s" is stored sparse',
    ],
  ])('%s', (_, parts, text) => {
    const error = errorOf(() => read(model({ ...around, ...parts })));
    expect(error.code).toBe('E_OP_UNSUPPORTED');
    expect(error.message).toContain(text);
  });

  it('an output without a type is taken as float32 without a shape', () => {
    const bytes = model({ ...around, output: [create(ValueInfoProtoSchema, { name: 'y' })] });
    expect(read(bytes).outputs).toEqual([info('y')]);
  });

  it('a cast to bfloat16 becomes one to float32, as which it is read', () => {
    const to = { name: 'to', type: 2, i: 16n };
    const bytes = model({ ...around, node: [{ ...identity, opType: 'Cast', attribute: [to] }] });
    expect(simplify(read(bytes)).nodes.map(({ op }) => op)).toEqual(['Identity']);
  });
});
