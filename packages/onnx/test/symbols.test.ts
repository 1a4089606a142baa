import { describe, expect, it } from 'vitest';
import { inferShapes } from '../src/index.js';
import { errorOf, floats, graph, info, long, longs, node, random, shapeOf } from './build.js';

describe('extents that are only known at run time', () => {
  it('stay symbols, and become expressions of them', () => {
    const conv = (pads: number[], strides: number[]) =>
      shapeOf([node('Conv', ['x', 'w'], ['y'], { pads, strides })], ['N', 3, 'H', 'W'], {
        w: random(1, [8, 3, 3, 3]),
      });
    expect(conv([1, 1, 1, 1], [1, 1])).toEqual(['N', 8, 'H', 'W']);
    expect(conv([0, 0, 0, 0], [1, 1])).toEqual(['N', 8, 'H-2', 'W-2']);
    expect(conv([1, 1, 1, 1], [2, 2])).toEqual(['N', 8, 'floor((H-1)/2)+1', 'floor((W-1)/2)+1']);
    expect(shapeOf([node('Flatten', ['x'], ['y'])], ['N', 3, 4, 5])).toEqual(['N', 60]);
    expect(shapeOf([node('Flatten', ['x'], ['y'])], ['N', 3, 'H', 'W'])).toEqual(['N', '3*H*W']);
    expect(shapeOf([node('Concat', ['x', 'x'], ['y'], { axis: 2 })], ['N', 3, 'H', 5])).toEqual([
      'N',
      3,
      '2*H',
      5,
    ]);
  });

  it('two branches that compute the same extent have the same expression', () => {
    const nodes = [
      node('Conv', ['x', 'w'], ['a'], { strides: [2, 2], pads: [1, 1, 1, 1] }),
      node('MaxPool', ['x'], ['p'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
      node('Add', ['a', 'p'], ['y']),
    ];
    expect(shapeOf(nodes, ['N', 3, 'H', 8], { w: random(1, [3, 3, 3, 3]) })).toEqual([
      'N',
      3,
      'floor((H-1)/2)+1',
      4,
    ]);
  });

  it('flow through the nodes that exporters compute shapes with', () => {
    const head = [node('Shape', ['x'], ['s']), node('Gather', ['s', 'zero'], ['n'])];
    const weights = { zero: long(0), axes: longs(0), rest: longs(-1), two: long(2), one: longs(1) };
    const tail = [
      node('Unsqueeze', ['n', 'axes'], ['u']),
      node('Concat', ['u', 'rest'], ['t'], { axis: 0 }),
      node('Reshape', ['x', 't'], ['y']),
    ];
    expect(shapeOf([...head, ...tail], ['N', 3, 4, 5], weights)).toEqual(['N', 60]);

    const doubled = [
      ...head,
      node('Mul', ['n', 'two'], ['m']),
      node('Unsqueeze', ['m', 'axes'], ['u']),
      ...tail.slice(1),
    ];
    expect(shapeOf(doubled, ['N', 4, 6], weights)).toEqual(['2*N', 12]);

    const product = [
      node('Shape', ['x'], ['s']),
      node('ReduceProd', ['s'], ['p'], { keepdims: 1 }),
      node('Reshape', ['x', 'p'], ['y']),
    ];
    expect(shapeOf(product, ['N', 4, 6], weights)).toEqual(['24*N']);

    // torch's expand: -1 in the target means "as it is".
    const expand = [
      node('Shape', ['x'], ['s']),
      node('Equal', ['s', 'rest'], ['e']),
      node('Where', ['e', 'one', 's'], ['t']),
      node('Expand', ['v', 't'], ['y']),
    ];
    expect(shapeOf(expand, ['N', 4], { ...weights, v: floats([1, 4]) })).toEqual(['N', 4]);
  });

  it('get numbers by the options, everywhere they occur', () => {
    const g = graph({
      inputs: [info('a', ['N', 3, 'H', 'W']), info('b', ['N', 3, 1, 1])],
      outputs: [info('y')],
      nodes: [node('Add', ['a', 'b'], ['y'])],
    });
    const fixed = inferShapes(g, { inputs: { a: [2, 3, 8, 8] } });
    expect(fixed.inputs.map(({ shape }) => shape)).toEqual([
      [2, 3, 8, 8],
      [2, 3, 1, 1],
    ]);
    expect(fixed.outputs[0]?.shape).toEqual([2, 3, 8, 8]);
    expect(inferShapes(g, { batch: 5 }).outputs[0]?.shape).toEqual([5, 3, 'H', 'W']);
    expect(errorOf(() => inferShapes(g, { inputs: { A: [1] } })).message).toContain(
      'Did you mean "a"',
    );
    expect(errorOf(() => inferShapes(g, { inputs: { a: [1] } })).code).toBe('E_SHAPE');
  });

  it('that depend on the data get a name of their own, and what the file says of them is kept', () => {
    const nodes = [node('NonZero', ['x'], ['y'])];
    expect(shapeOf(nodes, [3, 4])).toEqual([2, 'y.1']);
    const g = graph({
      inputs: [info('x', [3, 4])],
      outputs: [info('y', ['r', 7], 'int64')],
      nodes,
    });
    const declared = { ...g, values: new Map([['y', info('y', ['r', 7], 'int64')]]) };
    expect(inferShapes(declared).outputs[0]?.shape).toEqual([2, 7]);
  });
});
