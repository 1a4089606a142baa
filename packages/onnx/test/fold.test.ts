import { describe, expect, it } from 'vitest';
import {
  float16ToFloat32,
  float32ToFloat16,
  inferShapes,
  read,
  simplify,
  write,
  type TensorData,
} from '../src/index.js';
import {
  difference,
  floats,
  graph,
  info,
  long,
  longs,
  net,
  node,
  ops,
  random,
  run,
} from './build.js';

describe('constants are folded', () => {
  it('the pads that torch computes from a list', async () => {
    const g = net(
      [
        node('ConstantOfShape', ['four'], ['zeros'], {
          value: { type: 'tensor', value: longs(0) },
        }),
        node('Concat', ['list', 'zeros'], ['all'], { axis: 0 }),
        node('Reshape', ['all', 'pairs'], ['square']),
        node('Slice', ['square', 'last', 'first', 'axis', 'last'], ['reversed']),
        node('Transpose', ['reversed'], ['turned'], { perm: [1, 0] }),
        node('Reshape', ['turned', 'flat'], ['row']),
        node('Cast', ['row'], ['pads'], { to: 7 }),
        node('Pad', ['x', 'pads'], ['y']),
      ],
      {
        four: longs(4),
        list: longs(1, 2, 3, 0),
        pairs: longs(-1, 2),
        last: longs(-1),
        first: longs(-(2 ** 63)),
        axis: longs(0),
        flat: longs(-1),
      },
      [1, 2, 3, 3],
    );
    const simple = simplify(g);
    expect(ops(simple)).toEqual(['Pad']);
    expect([...simple.initializers.keys()]).toEqual(['pads']);
    expect(simple.initializers.get('pads')?.data).toEqual(
      BigInt64Array.of(0n, 0n, 3n, 1n, 0n, 0n, 0n, 2n),
    );
    expect(await difference(g, simple, [1, 2, 3, 3])).toBe(0);
  });

  it('weights that are stored as float16 and cast', () => {
    const bits = float32ToFloat16(random(2, [6]).data);
    const half: TensorData = { dtype: 'float16', shape: [2, 3], data: bits };
    const g = net(
      [node('Cast', ['h'], ['w'], { to: 1 }), node('MatMul', ['x', 'w'], ['y'])],
      { h: half },
      [1, 2],
    );
    const simple = simplify(read(write(g)));
    expect(ops(simple)).toEqual(['MatMul']);
    expect([...simple.initializers]).toEqual([
      ['w', { dtype: 'float32', shape: [2, 3], data: float16ToFloat32(bits) }],
    ]);
  });

  it('arithmetic gives what ONNX Runtime gives, on integers and on floats', async () => {
    const a = { dtype: 'int64', shape: [4], data: BigInt64Array.of(7n, -7n, 7n, -7n) } as const;
    const b = { dtype: 'int64', shape: [4], data: BigInt64Array.of(2n, 2n, -2n, -2n) } as const;
    const binary = [
      'Add',
      'Sub',
      'Mul',
      'Div',
      'Mod',
      'Max',
      'Min',
      'Equal',
      'Less',
      'GreaterOrEqual',
    ];
    const ints = binary.map((op) => node(op, ['a', 'b'], [`i${op}`]));
    const reals = binary.filter((op) => op !== 'Mod').map((op) => node(op, ['f', 'h'], [`f${op}`]));
    const unary = [
      'Neg',
      'Abs',
      'Floor',
      'Ceil',
      'Round',
      'Sqrt',
      'Exp',
      'Reciprocal',
      'Sigmoid',
      'Relu',
      'Tanh',
    ].map((op) => node(op, ['f'], [`u${op}`]));
    const rest = [
      node('ReduceProd', ['a'], ['rp'], { keepdims: 0 }),
      node('ReduceMean', ['m'], ['rm'], { axes: [1] }),
      node('ReduceMax', ['m'], ['rx'], { axes: [0], keepdims: 0 }),
      node('Mod', ['f', 'h'], ['fm'], { fmod: 1 }),
      node('Cast', ['f'], ['ci'], { to: 7 }),
      node('Cast', ['f'], ['cb'], { to: 9 }),
      node('Where', ['iLess', 'f', 'h'], ['wh']),
      node('Tile', ['m', 'twice'], ['ti']),
      node('Expand', ['h', 'to'], ['ex']),
      node('Split', ['m'], ['s0', 's1'], { axis: 1 }),
      node('Slice', ['m', 'end', 'begin', 'axis', 'end'], ['sl']),
      node('Pad', ['m', 'pads', 'h0'], ['pa']),
      node('Range', ['r0', 'r1', 'r2'], ['ra']),
      node('Gather', ['m', 'end'], ['ga'], { axis: 1 }),
      node('Pow', ['f', 'h'], ['po']),
      node('Div', ['uAbs', 'uSqrt'], ['dv']),
    ];
    const nodes = [...ints, ...reals, ...unary, ...rest];
    const g = graph({
      inputs: [],
      outputs: [],
      nodes,
      weights: {
        a,
        b,
        f: floats([4], [2.5, -0.5, 3.5, 1e-3]),
        h: floats([4], [2, 3, -1, 0.5]),
        h0: floats([], [9]),
        m: floats([2, 4]),
        twice: longs(2, 3),
        to: longs(2, 1, 4),
        end: longs(-1),
        begin: longs(-5),
        axis: longs(1),
        pads: longs(1, 0, 0, 2),
        r0: long(5),
        r1: long(-4),
        r2: long(-2),
      },
    });
    const inferred = inferShapes(g).values;
    const names = nodes.flatMap(({ outputs }) => outputs);
    const whole = { ...g, outputs: names.map((name) => inferred.get(name) ?? info(name)) };
    const simple = simplify(whole);
    expect(ops(simple)).toEqual([]);
    const results = await run(whole);
    for (const name of names) {
      const folded = simple.initializers.get(name);
      const { data, dims, type } = results[name] ?? {};
      expect([name, folded?.dtype, folded?.shape]).toEqual([name, type, dims]);
      const got = Array.from(folded?.data as ArrayLike<number | bigint>, Number);
      Array.from(data as ArrayLike<number | bigint>, Number).forEach((want, i) => {
        if (Number.isNaN(want)) expect(got[i]).toBeNaN();
        else expect(got[i], name).toBeCloseTo(want, 6);
      });
    }
  });

  it('but not into weights that are far larger than what they were made from', () => {
    const g = net(
      [node('Expand', ['one', 'size'], ['big']), node('Add', ['x', 'big'], ['y'])],
      { one: floats([], [1]), size: longs(1024, 1024) },
      [1024, 1024],
    );
    expect(ops(simplify(g))).toEqual(['Expand', 'Add']);
    expect(
      ops(
        simplify({
          ...g,
          initializers: new Map([...g.initializers, ['size', longs(512, 256)]]),
          inputs: [info('x', [512, 256])],
        }),
      ),
    ).toEqual(['Add']);
  });

  it('the target of a Reshape that keeps a dynamic batch', () => {
    const g = {
      ...net(
        [
          node('Shape', ['x'], ['s']),
          node('Gather', ['s', 'zero'], ['n']),
          node('Concat', ['n', 'rest'], ['t'], { axis: 0 }),
          node('Reshape', ['x', 't'], ['y']),
        ],
        { zero: longs(0), rest: longs(-1) },
        [],
      ),
      inputs: [info('x', ['N', 2, 3])],
    };
    const simple = simplify(g);
    expect(ops(simple)).toEqual(['Reshape']);
    expect([...simple.initializers.values()].map(({ data }) => data)).toEqual([
      BigInt64Array.of(-1n, 6n),
    ]);
    expect(simple.values.get('y')?.shape).toEqual(['N', 6]);
  });
});
