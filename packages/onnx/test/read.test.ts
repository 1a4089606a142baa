import { describe, expect, it } from 'vitest';
import { consumers, producers, read, write, type Attribute } from '../src/index.js';
import { errorOf, floats, graph, info, longs, node, run } from './build.js';
import { around, identity, model, typed } from './protobuf.js';

describe('graph', () => {
  it('initialisers that old files list as inputs are not inputs', () => {
    const bytes = model(
      {
        node: [{ opType: 'Add', input: ['x', 'w'], output: ['y'] }],
        input: [typed('x'), typed('w')],
        output: [typed('y')],
        initializer: [{ name: 'w', dims: [2n], dataType: 1, floatData: [1, 2] }],
      },
      7,
      3,
    );
    const g = read(bytes);
    expect(g.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(read(write(g)).inputs.map(({ name }) => name)).toEqual(['x']);
  });

  it.each<[string, Attribute, string, readonly number[], readonly unknown[]]>([
    ['value', { type: 'tensor', value: floats([2], [1, 2]) }, 'float32', [2], [1, 2]],
    ['value_float', { type: 'float', value: 2.5 }, 'float32', [], [2.5]],
    ['value_floats', { type: 'floats', value: [1, 2.5] }, 'float32', [2], [1, 2.5]],
    ['value_int', { type: 'int', value: -3 }, 'int64', [], [-3n]],
    ['value_ints', { type: 'ints', value: [1, 2 ** 63] }, 'int64', [2], [1n, 2n ** 63n - 1n]],
    ['value_string', { type: 'string', value: 'é' }, 'string', [], ['é']],
    ['value_strings', { type: 'strings', value: ['a', ''] }, 'string', [2], ['a', '']],
  ])('a Constant with %s becomes an initialiser', (name, attribute, dtype, shape, data) => {
    const g = read(
      write(
        graph({
          inputs: [info('x', [2])],
          outputs: [info('y', [2])],
          nodes: [node('Constant', [], ['c'], { [name]: attribute }), node('Relu', ['x'], ['y'])],
        }),
      ),
    );
    expect(g.nodes.map(({ op }) => op)).toEqual(['Relu']);
    const tensor = g.initializers.get('c');
    expect([tensor?.dtype, tensor?.shape]).toEqual([dtype, shape]);
    expect(Array.from(tensor?.data as ArrayLike<unknown>)).toEqual(data);
  });

  it('nodes are put in order and keep their names', () => {
    const bytes = model({
      node: [
        { opType: 'Relu', name: 'last', input: ['b'], output: ['y'] },
        { opType: 'Abs', name: 'first', input: ['x'], output: ['a'] },
        { opType: 'Neg', name: 'middle', input: ['a'], output: ['b'] },
      ],
      input: [typed('x')],
      output: [typed('y')],
    });
    expect(read(bytes).nodes.map(({ name }) => name)).toEqual(['first', 'middle', 'last']);
  });

  it('nodes without a name, or with one that is taken, get one of their own', () => {
    const bytes = model({
      node: [
        { opType: 'Abs', input: ['x'], output: ['a'] },
        { opType: 'Neg', name: 'n', input: ['a'], output: ['b'] },
        { opType: 'Abs', name: 'n', input: ['b'], output: ['c'] },
        { opType: 'Abs', name: 'Abs_4', input: ['c'], output: ['d'] },
        { opType: 'Abs', input: ['d'], output: ['y'] },
      ],
      input: [typed('x')],
      output: [typed('y')],
    });
    expect(read(bytes).nodes.map(({ name }) => name)).toEqual([
      'Abs_0',
      'n',
      'n_2',
      'Abs_4',
      'Abs_4_',
    ]);
  });

  it('symbolic and unknown extents become symbols', () => {
    const unknown = typed('x', 1, ['N', 3, -1]);
    const g = read(model({ ...around, input: [unknown] }));
    expect(g.inputs[0]?.shape).toEqual(['N', 3, 'x.2']);
  });

  it('metadata, producer, operator sets and unknown shapes come through writing and reading', () => {
    const g = { ...read(model(around)), otherOpsets: { 'ai.onnx.ml': 2 }, outputs: [info('y')] };
    const back = read(write(g));
    expect([...back.metadata]).toEqual([['licence', 'MIT']]);
    expect(back.producer).toBe('exporter 1.2');
    expect([back.opset, back.otherOpsets]).toEqual([17, { 'ai.onnx.ml': 2 }]);
    expect(back.outputs[0]?.shape).toBeUndefined();
  });

  it('every kind of attribute comes through writing and reading', () => {
    const attributes: Record<string, Attribute> = {
      i: { type: 'int', value: -(2 ** 40) },
      f: { type: 'float', value: 0.25 },
      s: { type: 'string', value: 'naïve' },
      t: { type: 'tensor', value: longs(1, 2) },
      ints: { type: 'ints', value: [] },
      floats: { type: 'floats', value: [1, -Infinity] },
      strings: { type: 'strings', value: ['', 'b'] },
    };
    const g = graph({
      inputs: [info('x', [2])],
      outputs: [info('y', [2])],
      nodes: [node('Anything', ['', 'x'], ['y'], attributes)],
    });
    expect(read(write(g)).nodes).toEqual(g.nodes);
  });

  it('names a cycle', () => {
    const bytes = model({
      node: [
        { opType: 'Add', name: 'one', input: ['x', 'b'], output: ['a'] },
        { opType: 'Neg', name: 'two', input: ['a'], output: ['b'] },
      ],
      input: [typed('x')],
      output: [typed('b')],
    });
    const { code, message } = errorOf(() => read(bytes));
    expect(code).toBe('E_ONNX_INVALID');
    expect(message).toMatch(/cycle through the nodes "one" and "two"|"two" and "one"/);
  });

  it('names a value that is defined twice, and one that nothing defines', () => {
    const twice = model({ ...around, node: [identity, { ...identity, name: 'again' }] });
    expect(errorOf(() => read(twice))).toEqual({
      code: 'E_ONNX_INVALID',
      message: 'The value "y" is defined twice: by the node "Identity_0" and by the node "again".',
    });
    const nowhere = model({ ...around, node: [{ ...identity, input: ['xx'] }] });
    expect(errorOf(() => read(nowhere)).message).toBe(
      'The node "Identity_0" (Identity) reads the value "xx", which nothing defines. Did you mean "x"?',
    );
    const open = model({ ...around, output: [typed('conv')] });
    expect(errorOf(() => read(open)).message).toContain(
      'The output "conv" of the model is defined by nothing.',
    );
  });

  it('an output of a model may be an input or a constant of it', async () => {
    const g = graph({
      inputs: [info('x', [2])],
      outputs: [info('c', [1], 'int64'), info('x', [2])],
      nodes: [node('Constant', [], ['c'], { value_ints: [7] })],
    });
    const back = read(write(g));
    const results = await run(back, { x: floats([2], [1, 2]) });
    expect(results.c?.data).toEqual(BigInt64Array.of(7n));
    expect(results.x?.data).toEqual(Float32Array.of(1, 2));
  });

  it('producers and consumers tell who makes and who reads a value', () => {
    const g = graph({ nodes: [node('Abs', ['x'], ['a']), node('Mul', ['a', 'a'], ['y'])] });
    expect(producers(g).get('a')?.op).toBe('Abs');
    expect(
      consumers(g)
        .get('a')
        ?.map(({ op }) => op),
    ).toEqual(['Mul']);
    expect(consumers(g).get('y')).toBeUndefined();
  });
});
