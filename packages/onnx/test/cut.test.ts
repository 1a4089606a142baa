import { describe, expect, it } from 'vitest';
import { cut, inferShapes, rename, valueNames, write } from '../src/index.js';
import { errorOf, floats, graph, info, node, run } from './build.js';

const net = graph({
  inputs: [info('x', ['N', 2]), info('z', [1])],
  outputs: [info('out', ['N', 4])],
  nodes: [
    node('MatMul', ['x', 'fc1'], ['hidden']),
    node('Relu', ['hidden'], ['relu1']),
    node('MatMul', ['relu1', 'fc2'], ['top']),
    node('Add', ['top', 'z'], ['out']),
  ],
  weights: { fc1: floats([2, 3]), fc2: floats([3, 4]) },
});

describe('cut', () => {
  it('keeps only the nodes, inputs and weights that the chosen values need', async () => {
    const part = cut(inferShapes(net), ['relu1']);
    expect(part.nodes.map(({ op }) => op)).toEqual(['MatMul', 'Relu']);
    expect(part.inputs.map(({ name }) => name)).toEqual(['x']);
    expect([...part.initializers.keys()]).toEqual(['fc1']);
    expect([...part.values.keys()].sort()).toEqual(['fc1', 'hidden', 'relu1', 'x']);
    expect(part.outputs).toEqual([info('relu1', ['N', 3])]);
    expect(part.initializers.get('fc1')).toBe(net.initializers.get('fc1'));
    expect(write(part).length).toBeLessThan(write(net).length);
    expect((await run(part, { x: floats([1, 2], [1, 2]) })).relu1?.dims).toEqual([1, 3]);
  });

  it('finds the types itself when nothing inferred them', () => {
    const asked = graph({
      inputs: [info('x', [2, 3])],
      outputs: [info('y')],
      nodes: [node('Shape', ['x'], ['s']), node('Neg', ['s'], ['y'])],
    });
    expect(cut(asked, ['y', 's', 's']).outputs).toEqual([
      info('y', [2], 'int64'),
      info('s', [2], 'int64'),
    ]);
  });

  it('hands inputs and weights through', async () => {
    const part = cut(net, ['fc1', 'x']);
    expect(part.nodes).toEqual([]);
    expect(part.outputs).toEqual([info('fc1', [2, 3]), info('x', ['N', 2])]);
    const x = floats([1, 2], [5, 6]);
    const results = await run(part, { x });
    expect(results.x?.data).toEqual(x.data);
    expect(results.fc1?.data).toEqual(net.initializers.get('fc1')?.data);
  });

  it('leaves the shape out where nobody knows it', () => {
    const custom = { ...node('Custom', ['x'], ['c']), domain: 'my' };
    const g = graph({
      inputs: [info('x', [1])],
      outputs: [info('y')],
      nodes: [custom, node('Relu', ['c'], ['y'])],
    });
    expect(cut(g, ['c']).outputs).toEqual([info('c')]);
  });

  it('suggests names that are like an unknown one', () => {
    expect(errorOf(() => cut(net, ['Relu_1']))).toEqual({
      code: 'E_VALUE_UNKNOWN',
      message: 'The graph has no value "Relu_1". Did you mean "relu1"?',
    });
    expect(errorOf(() => cut(net, ['fc'])).message).toContain('Did you mean "fc1", "fc2"?');
    expect(errorOf(() => cut(net, [])).code).toBe('E_ARGUMENT');
  });
});

describe('rename', () => {
  it('renames values everywhere they occur', async () => {
    const g = rename(inferShapes(net), {
      x: 'image',
      relu1: 'features',
      fc2: 'head',
      out: 'logits',
    });
    expect(valueNames(g)).toEqual(
      new Set(['fc1', 'head', 'image', 'z', 'hidden', 'features', 'top', 'logits']),
    );
    expect(g.values.get('features')).toEqual(info('features', ['N', 3]));
    expect(g.outputs).toEqual([info('logits', ['N', 4])]);
    const z = floats([1], [0]);
    const { logits } = await run(g, { image: floats([1, 2], [1, 2]), z });
    const { out } = await run(net, { x: floats([1, 2], [1, 2]), z });
    expect(logits?.data).toEqual(out?.data);
  });

  it('names can be exchanged', () => {
    const g = rename(net, { fc1: 'fc2', fc2: 'fc1' });
    expect(g.nodes[0]?.inputs).toEqual(['x', 'fc2']);
    expect(g.initializers.get('fc2')).toBe(net.initializers.get('fc1'));
  });

  it('two values cannot get one name', () => {
    expect(errorOf(() => rename(net, { x: 'z' }))).toEqual({
      code: 'E_ARGUMENT',
      message: 'rename: the values "x" and "z" would both be named "z".',
    });
    expect(errorOf(() => rename(net, { x: '' })).code).toBe('E_ARGUMENT');
    expect(errorOf(() => rename(net, { relu: 'r' })).message).toContain('Did you mean "relu1"?');
  });
});
