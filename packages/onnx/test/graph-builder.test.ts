import { describe, expect, it } from 'vitest';
import { GraphBuilder, inferShapes, type Graph, type TensorData } from '../src/index.js';
import { errorOf, floats, ops, run } from './build.js';

/** What an old or new operator set is told in the same words. */
type Writing = (b: GraphBuilder, x: string) => string;

const SHAPE = [2, 3, 4, 6];

async function results(opset: number, write: Writing): Promise<Record<string, unknown>> {
  const b = new GraphBuilder({ opset });
  const y = write(b, b.input('x', SHAPE));
  b.output(y, 'y');
  const graph = b.finish();
  const found = await run(graph, { x: floats(SHAPE) });
  expect(found.y!.dims).toEqual(b.shape('y'));
  expect(graph.values.get('y')?.shape).toEqual(inferShapes(graph).values.get('y')?.shape);
  return { dims: found.y!.dims, data: [...(found.y!.data as Float32Array)] };
}

const forms: Record<string, [Writing, from?: number]> = {
  'sum over axes': [(b, x) => b.emit('ReduceSum', [x], { axes: [1, 3] })],
  'mean over axes': [(b, x) => b.emit('ReduceMean', [x], { axes: [2, 3], keepdims: 0 })],
  'largest of an axis': [(b, x) => b.emit('ReduceMax', [x], { axes: [1] })],
  'axes of extent 1': [
    (b, x) => b.emit('Squeeze', [b.emit('Unsqueeze', [x], { axes: [0, 3] })], { axes: [3] }),
  ],
  bounds: [(b, x) => b.emit('Clip', [x], { min: -0.5, max: 1 })],
  'an upper bound': [(b, x) => b.emit('Clip', [x], { max: 1 })],
  padding: [(b, x) => b.emit('Pad', [x], { pads: [0, 0, 1, 2, 0, 0, 3, 4], value: 0.5 })],
  'a box': [(b, x) => b.emit('Slice', [x], { starts: [1, 0], ends: [3, 4], axes: [2, 3] })],
  parts: [(b, x) => b.emitAll('Split', [x], 2, { axis: 3, split: [2, 4] })[1]!],
  'no dropout': [(b, x) => b.emit('Dropout', [x], { ratio: 0.25 })],
  'the largest': [(b, x) => b.emitAll('TopK', [x], 2, { k: 2, axis: -1 })[0]!],
  'a softmax of channels': [(b, x) => b.emit('Softmax', [x], { axis: 1 })],
  'a softmax of the last axis': [(b, x) => b.emit('LogSoftmax', [x], { axis: -1 })],
  'a larger picture': [
    (b, x) =>
      b.emit('Resize', [x], {
        ...(b.opset > 10 && { coordinate_transformation_mode: 'asymmetric' }),
        ...(b.opset > 10 && { nearest_mode: 'floor' }),
        scales: [1, 1, 2, 3],
      }),
    10,
  ],
  'a picture of a size': [(b, x) => b.emit('Resize', [x], { sizes: [2, 3, 8, 18] }), 11],
  'statistics of a batch': [
    (b, x) => {
      const each = (value: number): string =>
        b.constant({ dtype: 'float32', shape: [3], data: new Float32Array(3).fill(value) }, 'each');
      const inputs = [x, each(1), each(0), each(0.5), each(2)];
      return b.emitAll('BatchNormalization', inputs, 3, { training_mode: 1 })[0]!;
    },
    14,
  ],
};

describe('an operator in the form of the operator set', () => {
  it.each(Object.entries(forms))('%s', async (_, [write, from = 9]) => {
    const expected = await results(17, write);
    for (const opset of [9, 10, 11, 12, 13, 14, 18, 21].filter((each) => each >= from)) {
      expect(await results(opset, write), `version ${opset}`).toEqual(expected);
    }
  });

  it('training is told by the outputs before version 14', () => {
    const b = new GraphBuilder({ opset: 9 });
    const inputs = ['x', 'a', 'b', 'm', 'v'].map((name) =>
      b.input(name, name === 'x' ? SHAPE : [3]),
    );
    const outputs = b.emitAll('BatchNormalization', inputs, 3, { training_mode: 1, epsilon: 0.1 });
    expect(b.finish(outputs).nodes[0]!.attributes).toEqual({
      epsilon: { type: 'float', value: 0.1 },
    });
    expect(outputs.map((name) => b.shape(name))).toEqual([SHAPE, [3], [3]]);
  });
});

describe('a new graph', () => {
  it('runs, numbers being constants of the type of what stands beside them', async () => {
    const b = new GraphBuilder({ name: 'step' });
    const [w, g] = [b.input('w', [4]), b.input('g', [4])];
    b.output(b.emit('Sub', [w, b.emit('Mul', [g, 0.5])]), 'w_next');
    const step = b.finish();
    expect([step.name, step.opset]).toEqual(['step', 17]);
    const found = await run(step, { w: floats([4], [1, 2, 3, 4]), g: floats([4], [2, 2, 4, 4]) });
    expect([...(found.w_next!.data as Float32Array)]).toEqual([0, 1, 1, 2]);
  });

  it('stores a constant once, and emits a node once unless it is told not to', () => {
    const twice = (share: boolean): Graph => {
      const b = new GraphBuilder({}, { share });
      const x = b.input('x', [2, 6]);
      const each = (): string => b.emit('Reshape', [b.emit('Mul', [x, 3])], { shape: [3, 4] });
      return b.finish([b.emit('Add', [each(), each()])]);
    };
    expect(ops(twice(true))).toEqual(['Mul', 'Reshape', 'Add']);
    expect(ops(twice(false))).toEqual(['Mul', 'Reshape', 'Mul', 'Reshape', 'Add']);
    for (const share of [true, false]) expect(twice(share).initializers.size).toBe(2);
  });

  it('does not take a weight for another of the same numbers, nor 0 for -0', () => {
    const b = new GraphBuilder();
    const zeros: TensorData = { dtype: 'float32', shape: [2], data: new Float32Array(2) };
    expect(b.weight('one', zeros)).not.toBe(b.weight('other', zeros));
    expect(b.number(0)).not.toBe(b.number(-0));
    expect(errorOf(() => b.weight('one', zeros)).code).toBe('E_ARGUMENT');
  });

  it('knows types and shapes as soon as they are asked for, open extents too', () => {
    const b = new GraphBuilder();
    const x = b.input('x', ['N', 3, 8, 8]);
    const w = b.weight('w', floats([4, 3, 3, 3]));
    const y = b.emit('Relu', [b.emit('Conv', [x, w], { strides: [2, 2] })]);
    expect(b.info(y)?.shape).toEqual(['N', 4, 3, 3]);
    expect(b.dtype(b.emit('Greater', [y, 0]))).toBe('bool');
    expect(b.dtype(b.cast(y, 'float16'))).toBe('float16');
    expect(b.cast(y, 'float32')).toBe(y);
    expect(errorOf(() => b.shape(y))).toMatchObject({ code: 'E_SHAPE' });
  });

  it('says what an operator is not told so', () => {
    const b = new GraphBuilder({ opset: 13 });
    const x = b.input('x', [1, 3, 8, 8]);
    const says = (op: string, parameters: Parameters<typeof b.emit>[2]): string =>
      errorOf(() => b.emit(op, [x], parameters)).message;
    expect(says('Softmax', { axes: 1 })).toMatch(/Softmax has no parameter axes.*axis/);
    expect(says('Softmax', { axis: 1.5 })).toMatch(/Softmax: axis must be of type int, got 1.5/);
    expect(says('Pad', { mode: 'mirror' })).toMatch(/mode must be one of constant, reflect/);
    expect(says('LayerNormalization', {})).toMatch(/Version 13 .* has no LayerNormalization.*17/);
    expect(says('Upsample', { mode: 'nearest' })).toMatch(/versions from 1 to 9/);
    expect(says('NoSuch', {})).toMatch(/no rule for the operator NoSuch/);
  });
});

describe('a graph that goes on from another', () => {
  const base = (): Graph => {
    const b = new GraphBuilder({ opset: 13 });
    b.output(b.emit('Relu', [b.input('x', [2, 3])], {}, 'y'));
    return b.finish();
  };

  it('has names that are new, and does not compute again what is there', () => {
    const b = new GraphBuilder(base(), { scope: 'y' });
    expect(b.emit('Relu', ['x'])).toBe('y');
    expect(b.named('y', 'y')).toBe('y_1');
    expect(errorOf(() => b.input('x', [1])).message).toMatch(/"x": the name is taken/);
    b.output(b.emit('Neg', ['y']), 'z');
    const { outputs, values } = b.finish();
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['y', [2, 3]],
      ['z', [2, 3]],
    ]);
    expect(values.get('y/Neg')?.shape).toEqual([2, 3]);
  });

  it('may compute what was an input: nodes come in order', async () => {
    const { inputs: _, ...rest } = base();
    const b = new GraphBuilder(rest);
    b.emit('Neg', [b.input('minus', [2, 3])], {}, 'x');
    const graph = b.finish();
    expect(ops(graph)).toEqual(['Neg', 'Relu']);
    const found = await run(graph, { minus: floats([2, 3], [1, -2, 3, -4, 5, -6]) });
    expect([...(found.y!.data as Float32Array)]).toEqual([0, 2, 0, 4, 0, 6]);
  });
});

describe('a graph that is rewritten', () => {
  const old = (): Graph => {
    const b = new GraphBuilder({ opset: 11 });
    const x = b.input('x', [2, 3]);
    const doubled = b.emit('Mul', [x, b.weight('two', floats([], [2]))], {}, 'doubled');
    b.weight('unread', floats([3]));
    b.output(b.emit('ReduceSum', [doubled], { axes: [1] }, 'y'));
    return b.finish();
  };

  it('keeps names, takes nodes over in the form of the new operator set and drops what they read', () => {
    const graph = old();
    const b = new GraphBuilder({ ...graph, opset: 13 }, { mode: 'rewrite' });
    for (const node of graph.nodes) {
      if (node.op === 'Mul') b.emit('Add', ['x', 'x'], {}, 'doubled');
      else b.keep(node);
    }
    const made = b.finish();
    expect(ops(made)).toEqual(['Add', 'ReduceSum']);
    expect(made.nodes[1]!.inputs).toHaveLength(2);
    expect(made.nodes[1]!.attributes).toEqual({});
    expect([...made.initializers.keys()].filter((name) => graph.initializers.has(name))).toEqual([
      'unread',
    ]);
    expect(new Set(made.nodes.map(({ name }) => name)).size).toBe(2);
  });

  it('makes no value twice', () => {
    const graph = old();
    const b = new GraphBuilder(graph, { mode: 'rewrite' });
    for (const node of graph.nodes) b.keep(node);
    expect(errorOf(() => b.keep(graph.nodes[0]!)).code).toBe('E_ARGUMENT');
  });
});
