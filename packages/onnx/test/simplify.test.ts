import { describe, expect, it } from 'vitest';
import { simplify, type Node, type TensorData } from '../src/index.js';
import { difference, floats, info, longs, net, node, ops } from './build.js';

describe('nodes that do nothing are taken out', () => {
  const x = [1, 2, 3, 3];
  it.each<[string, Node, Record<string, TensorData>]>([
    ['Identity', node('Identity', ['a'], ['b']), {}],
    ['Dropout', node('Dropout', ['a'], ['b']), {}],
    ['Dropout with a mask that nothing reads', node('Dropout', ['a'], ['b', 'mask']), {}],
    [
      'Dropout that is told not to train',
      node('Dropout', ['a', '', 'off'], ['b']),
      { off: { dtype: 'bool', shape: [], data: Uint8Array.of(0) } },
    ],
    ['Cast to the same type', node('Cast', ['a'], ['b'], { to: 1 }), {}],
    ['Pad by nothing', node('Pad', ['a', 'p'], ['b']), { p: longs(0, 0, 0, 0, 0, 0, 0, 0) }],
    ['Concat of one', node('Concat', ['a'], ['b'], { axis: 1 }), {}],
    ['Reshape to the same shape', node('Reshape', ['a', 's'], ['b']), { s: longs(0, 2, -1, 3) }],
    [
      'Transpose that leaves the order',
      node('Transpose', ['a'], ['b'], { perm: [0, 1, 2, 3] }),
      {},
    ],
  ])('%s', async (_, nothing, weights) => {
    const g = net([node('Abs', ['x'], ['a']), nothing, node('Neg', ['b'], ['y'])], weights, x);
    const simple = simplify(g);
    expect(simple.nodes).toEqual([node('Abs', ['x'], ['a']), node('Neg', ['a'], ['y'])]);
    expect([...simple.values.keys()].sort()).toEqual(['a', 'x', 'y']);
    expect(await difference(g, simple, x)).toBe(0);
  });

  it('Dropout stays when its mask is read, or when it may train', () => {
    const masked = net(
      [node('Dropout', ['x'], ['y', 'mask']), node('Not', ['mask'], ['z'])],
      {},
      x,
      ['y', 'z'],
    );
    expect(ops(simplify(masked))).toEqual(['Dropout', 'Not']);
    const on: TensorData = { dtype: 'bool', shape: [], data: Uint8Array.of(1) };
    expect(ops(simplify(net([node('Dropout', ['x', '', 'on'], ['y'])], { on }, x)))).toEqual([
      'Dropout',
    ]);
  });

  it('a Reshape whose sameness depends on the input stays', () => {
    const g = {
      ...net([node('Reshape', ['x', 's'], ['y'])], { s: longs(-1, 4) }, []),
      inputs: [info('x', ['N', 'C'])],
    };
    expect(ops(simplify(g))).toEqual(['Reshape']);
  });

  it('an output keeps its name: the node before takes it over', async () => {
    const g = net(
      [node('Abs', ['x'], ['a']), node('Identity', ['a'], ['y']), node('Neg', ['a'], ['z'])],
      {},
      x,
      ['y', 'z'],
    );
    const simple = simplify(g);
    expect(simple.nodes.map(({ op, inputs, outputs }) => [op, ...inputs, ...outputs])).toEqual([
      ['Abs', 'x', 'y'],
      ['Neg', 'y', 'z'],
    ]);
    expect(await difference(g, simple, x)).toBe(0);
  });

  it('an Identity stays where no node can take the name over', async () => {
    const direct = net([node('Identity', ['x'], ['y'])], {}, x);
    expect(ops(simplify(direct))).toEqual(['Identity']);
    const twice = net(
      [node('Abs', ['x'], ['a']), node('Dropout', ['a'], ['y']), node('Identity', ['a'], ['z'])],
      {},
      x,
      ['y', 'z'],
    );
    const simple = simplify(twice);
    expect(simple.nodes.map(({ op, inputs, outputs }) => [op, ...inputs, ...outputs])).toEqual([
      ['Abs', 'x', 'y'],
      ['Identity', 'y', 'z'],
    ]);
    expect(await difference(twice, simple, x)).toBe(0);
  });

  it('what nothing needs is dropped; inputs and values to keep are not', () => {
    const g = net(
      [node('Abs', ['x'], ['a']), node('Identity', ['a'], ['b']), node('Neg', ['x'], ['y'])],
      { w: floats([1]) },
      x,
    );
    expect(ops(simplify(g))).toEqual(['Neg']);
    expect(simplify(g).initializers.size).toBe(0);
    const kept = simplify(g, { keep: ['b', 'w'] });
    expect(ops(kept)).toEqual(['Abs', 'Neg']);
    expect(kept.nodes[0]?.outputs).toEqual(['b']);
    expect([...kept.initializers.keys()]).toEqual(['w']);
    expect(simplify({ ...g, inputs: [...g.inputs, info('unused', [1])] }).inputs.length).toBe(2);
  });
});

it('operators without a rule are left alone, and what is around them is still simplified', () => {
  const custom = { ...node('Custom', ['b'], ['c']), domain: 'my.domain' };
  const g = net(
    [
      node('Identity', ['x'], ['b']),
      custom,
      node('Identity', ['c'], ['d']),
      node('Relu', ['d'], ['y']),
    ],
    {},
    [1],
  );
  expect(ops(simplify(g))).toEqual(['Custom', 'Relu']);
});
