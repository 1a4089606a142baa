import { LensError, type Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { differentiate, objective, vjp } from '../src/index.js';
import { build, countNodes, floats, integers } from './support/build.js';
import { noise, random, run, worstError } from './support/run.js';

const cotangents = { y: { input: 'dy' } };

/** Two convolutions with rectifiers and a dense layer. */
function smallNet(batch: number | string = 'N'): Graph {
  return build(
    { x: [batch, 2, 6, 6] },
    [
      ['Conv', ['x', 'w1', 'b1'], ['c1'], { pads: [1, 1, 1, 1] }],
      ['Relu', ['c1'], ['r1']],
      ['Conv', ['r1', 'w2'], ['c2'], { strides: [2, 2] }],
      ['Relu', ['c2'], ['r2']],
      ['Flatten', ['r2'], ['f']],
      ['Gemm', ['f', 'm'], ['y']],
    ],
    ['y'],
    {
      w1: random([3, 2, 3, 3], 1),
      b1: random([3], 2),
      w2: random([4, 3, 2, 2], 3),
      m: random([36, 5], 4),
    },
  );
}

async function gradientsOf(
  product: { graph: Graph; gradients: Readonly<Record<string, string>> },
  feeds: Record<string, Float32Array>,
): Promise<Record<string, Float32Array>> {
  const results = await run(product.graph, feeds);
  return Object.fromEntries(
    Object.entries(product.gradients).map(([name, gradient]) => [name, results[gradient]!]),
  );
}

describe('vjp', () => {
  const feeds = { x: noise(72, 5), dy: noise(5, 6) };

  it('names gradients after their variables', () => {
    const { graph, gradients } = vjp(smallNet(), { cotangents, wrt: ['x', 'w1'] });
    expect(gradients).toEqual({ x: 'd_x', w1: 'd_w1' });
    expect(graph.outputs).toEqual([
      { name: 'd_x', dtype: 'float32', shape: [1, 2, 6, 6] },
      { name: 'd_w1', dtype: 'float32', shape: [3, 2, 3, 3] },
    ]);
    expect(graph.inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['x', [1, 2, 6, 6]],
      ['dy', [1, 5]],
    ]);
    expect(graph.opset).toBe(17);
  });

  it('fixes an open batch as it is told', async () => {
    const product = vjp(smallNet(), { cotangents, wrt: ['x'], batch: 2 });
    expect(product.graph.inputs[0]!.shape).toEqual([2, 2, 6, 6]);
    const two = await gradientsOf(product, { x: noise(144, 5), dy: noise(10, 6) });
    expect(worstError(two.x!.subarray(0, 72), (await one()).x!)).toBeLessThan(1e-6);
    const shaped = vjp(smallNet(), { cotangents, wrt: ['x'], inputs: { x: [3, 2, 6, 6] } });
    expect(shaped.graph.inputs[0]!.shape).toEqual([3, 2, 6, 6]);
  });

  const one = (): Promise<Record<string, Float32Array>> =>
    gradientsOf(vjp(smallNet(), { cotangents, wrt: ['x'] }), feeds);

  it('is linear in the cotangent', async () => {
    const product = vjp(smallNet(), { cotangents, wrt: ['x', 'w2'] });
    const other = noise(5, 9);
    const mixed = feeds.dy.map((v, i) => 2 * v - 3 * other[i]!);
    const [a, c, both] = await Promise.all(
      [feeds.dy, other, mixed].map((dy) => gradientsOf(product, { ...feeds, dy })),
    );
    for (const name of ['x', 'w2']) {
      const expected = a![name]!.map((v, i) => 2 * v - 3 * c![name]![i]!);
      expect(worstError(both![name]!, expected)).toBeLessThan(1e-5);
    }
  });

  it('adds up several cotangents, given or constant', async () => {
    const constant = random([1, 3, 6, 6], 11);
    const sum = vjp(smallNet(), { cotangents: { ...cotangents, r1: { constant } }, wrt: ['x'] });
    const part = vjp(smallNet(), { cotangents: { r1: { constant } }, wrt: ['x'] });
    const [all, first, second] = [
      await gradientsOf(sum, feeds),
      await one(),
      await gradientsOf(part, feeds),
    ];
    const expected = first.x!.map((v, i) => v + second.x![i]!);
    expect(worstError(all.x!, expected)).toBeLessThan(1e-6);
  });

  it('differentiates with respect to values in between, in one go with the rest', async () => {
    const both = await gradientsOf(vjp(smallNet(), { cotangents, wrt: ['x', 'r1', 'y'] }), feeds);
    expect(worstError(both.x!, (await one()).x!)).toBeLessThan(1e-6);
    expect(both.y).toEqual(feeds.dy);
    // The gradient of r1, sent on from there, is that of x.
    const rest = vjp(smallNet(), { cotangents: { r1: { input: 'dr' } }, wrt: ['x'] });
    const x = await gradientsOf(rest, { ...feeds, dr: both.r1! });
    expect(worstError(x.x!, both.x!)).toBeLessThan(1e-6);
  });

  it('gives weights as inputs the gradient that constant weights have', async () => {
    const graph = smallNet(1);
    const names = ['w1', 'b1', 'w2', 'm'];
    const inputs = names.map((name) => {
      const { dtype, shape } = graph.initializers.get(name)!;
      return { name, dtype, shape };
    });
    const open = { ...graph, inputs: [...graph.inputs, ...inputs], initializers: new Map() };
    const wrt = ['x', ...names];
    const weights = Object.fromEntries(
      names.map((name) => [name, graph.initializers.get(name)!.data as Float32Array]),
    );
    const fixed = await gradientsOf(vjp(graph, { cotangents, wrt }), feeds);
    const fed = await gradientsOf(vjp(open, { cotangents, wrt }), { ...feeds, ...weights });
    for (const name of wrt) expect(worstError(fed[name]!, fixed[name]!), name).toBeLessThan(1e-6);
  });

  it('gives zeros to what does not matter', async () => {
    const graph = build(
      { x: [2, 3], other: [4] },
      [
        ['Floor', ['x'], ['steps']],
        ['Neg', ['steps'], ['y']],
        ['Neg', ['other'], ['z']],
      ],
      ['y', 'z'],
    );
    const product = vjp(graph, { cotangents, wrt: ['x', 'other'] });
    const zeros = await gradientsOf(product, { x: noise(6), other: noise(4), dy: noise(6) });
    expect(zeros.x).toEqual(new Float32Array(6));
    expect(zeros.other).toEqual(new Float32Array(4));
  });

  it('hands forward values out too', async () => {
    const product = vjp(smallNet(), { cotangents, wrt: ['x'], outputs: ['y', 'r2'] });
    expect(product.graph.outputs.map(({ name }) => name)).toEqual(['y', 'r2', 'd_x']);
    const [forward, results] = [await run(smallNet(1), feeds), await run(product.graph, feeds)];
    expect(worstError(results.y!, forward.y!)).toBeLessThan(1e-6);
  });

  it('finds another name where one is taken', () => {
    const graph = build({ d_x: [2], x: [2] }, [['Mul', ['d_x', 'x'], ['y']]], ['y']);
    expect(vjp(graph, { cotangents, wrt: ['x'] }).gradients).toEqual({ x: 'd_x_1' });
  });
});

describe('what is emitted', () => {
  it('no forward values that nothing needs', () => {
    const graph = build(
      { x: [1, 2, 6, 6] },
      [
        ['Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }],
        ['AveragePool', ['c'], ['y'], { kernel_shape: [2, 2], strides: [2, 2] }],
      ],
      ['y'],
      { w: random([3, 2, 3, 3]) },
    );
    const { graph: linear } = vjp(graph, { cotangents, wrt: ['x'] });
    expect(countNodes(linear)).toEqual({ Mul: 1, Resize: 1, Conv: 1 });
    expect([...linear.initializers.keys()]).not.toContain('w');
    expect(linear.inputs.map(({ name }) => name)).toEqual(['x', 'dy']);
  });

  it('nothing for what is not asked for', () => {
    const { graph } = vjp(smallNet(), { cotangents, wrt: ['r2'] });
    expect(countNodes(graph)).toEqual({ Gemm: 1, Reshape: 1 });
  });

  it('stride 1 as a forward convolution, stride 2 as a transposed one', () => {
    const counts = countNodes(vjp(smallNet(), { cotangents, wrt: ['x'] }).graph);
    expect(counts).toMatchObject({ Conv: 3, ConvTranspose: 1 });
  });

  it('common parts once', () => {
    const graph = build(
      { x: [4] },
      [
        ['Sigmoid', ['x'], ['s']],
        ['Mul', ['x', 's'], ['y']],
      ],
      ['y'],
    );
    // Softplus needs a sigmoid of x for its derivative: the one that is there.
    const twice = build(
      { x: [4] },
      [
        ['Sigmoid', ['x'], ['s']],
        ['Softplus', ['x'], ['p']],
        ['Add', ['s', 'p'], ['y']],
      ],
      ['y'],
    );
    expect(countNodes(vjp(graph, { cotangents, wrt: ['x'] }).graph).Sigmoid).toBe(1);
    expect(countNodes(vjp(twice, { cotangents, wrt: ['x'] }).graph).Sigmoid).toBe(1);
  });

  it('flipped filters once for all gradients of a network', () => {
    const graph = smallNet();
    const flipped = [1, 2].map(() => {
      const { initializers } = vjp(graph, { cotangents, wrt: ['x'] }).graph;
      return initializers.get('w1_flipped');
    });
    expect(flipped[0]).toBeDefined();
    expect(flipped[0]).toBe(flipped[1]);
  });
});

describe('differentiate', () => {
  it('gives the scalar first, then its gradients', async () => {
    const target = objective(smallNet(), [{ kind: 'channel', layer: 'y', channel: 3 }]);
    const result = differentiate(target.graph, { of: target.value, wrt: ['x'], outputs: ['r1'] });
    expect(result.graph.outputs.map(({ name }) => name)).toEqual([target.value, 'r1', 'd_x']);
    const x = noise(72, 5);
    const results = await run(result.graph, { x });
    const dy = Float32Array.of(0, 0, 0, 1, 0);
    const expected = await gradientsOf(vjp(smallNet(), { cotangents, wrt: ['x'] }), { x, dy });
    expect(results[result.value]![0]).toBeCloseTo((await run(smallNet(1), { x })).y![3]!, 5);
    expect(worstError(results.d_x!, expected.x!)).toBeLessThan(1e-6);
  });
});

describe('errors', () => {
  const code = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      if (error instanceof LensError) return `${error.code} ${error.message}`;
      throw error;
    }
    return 'no error';
  };
  const net = smallNet();

  it.each<[string, RegExp, () => unknown]>([
    [
      'an unknown variable',
      /^E_VALUE_UNKNOWN wrt.*"nope"/,
      () => vjp(net, { cotangents, wrt: ['nope'] }),
    ],
    [
      'an unknown value',
      /^E_VALUE_UNKNOWN cotangents.*"nope"/,
      () => vjp(net, { cotangents: { nope: { input: 'd' } }, wrt: ['x'] }),
    ],
    ['no cotangent', /^E_ARGUMENT/, () => vjp(net, { cotangents: {}, wrt: ['x'] })],
    ['no variable', /^E_ARGUMENT/, () => vjp(net, { cotangents, wrt: [] })],
    [
      'a taken input name',
      /^E_ARGUMENT .*"x"/,
      () => vjp(net, { cotangents: { y: { input: 'x' } }, wrt: ['x'] }),
    ],
    [
      'a constant of another shape',
      /^E_SHAPE .*\[1, 5\].*\[5\]/,
      () => vjp(net, { cotangents: { y: { constant: floats([5], [1, 2, 3, 4, 5]) } }, wrt: ['x'] }),
    ],
    [
      'a value that is no scalar',
      /^E_SHAPE .*\[1, 5\]/,
      () => differentiate(net, { of: 'y', wrt: ['x'] }),
    ],
  ])('%s', (_, pattern, run) => {
    expect(code(run)).toMatch(pattern);
  });

  it('an operator without a derivative, only when it is on the way', () => {
    const graph = build(
      { x: [2, 6] },
      [
        ['Neg', ['x'], ['n']],
        ['ReduceProd', ['n'], ['t'], { axes: [1], keepdims: 1 }],
        ['Neg', ['t'], ['y']],
      ],
      ['y'],
    );
    expect(code(() => vjp(graph, { cotangents, wrt: ['x'] }))).toMatch(
      /^E_OP_UNSUPPORTED .*"reduceprod1".*ReduceProd/,
    );
    expect(code(() => vjp(graph, { cotangents, wrt: ['t'] }))).toBe('no error');
  });

  it('a variable that is no float, an open extent', () => {
    const graph = build({ x: [2, 'W'] }, [['Reshape', ['x', 's'], ['y']]], ['y'], {
      s: integers(-1),
    });
    expect(code(() => vjp(graph, { cotangents, wrt: ['s'] }))).toMatch(/^E_ARGUMENT .*int64/);
    expect(code(() => vjp(graph, { cotangents, wrt: ['x'] }))).toMatch(/^E_SHAPE .*inputs/);
    expect(code(() => vjp(graph, { cotangents, wrt: ['x'], inputs: { x: [2, 3] } }))).toBe(
      'no error',
    );
  });
});
