import { float16ToFloat32, float32ToFloat16, type Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { formsOf, optimize, UNCHANGED, WASM_POLICY, type Policy } from '../src/index.js';
import { convolution, type Spec } from './support/convolution.js';

/** Rewrites whatever can be. */
const eager: Policy = { name: 'eager', choose: (shape) => formsOf(shape).at(-1)! };
const ints = (...value: number[]) => ({ type: 'ints', value }) as const;

describe('optimize', () => {
  it('keeps the names of inputs and outputs, and drops weights that it replaced', () => {
    const graph = convolution({ bias: true });
    const rewritten = optimize(graph, { policy: eager });
    expect(rewritten.inputs).toEqual(graph.inputs);
    expect(rewritten.outputs).toEqual(graph.outputs);
    expect(rewritten.nodes.some(({ outputs }) => outputs[0] === 'y')).toBe(true);
    expect([...rewritten.initializers.keys()]).not.toContain('w');
  });

  it('keeps weights that something else reads', () => {
    const graph = convolution({ inputs: 8, outputs: 8 });
    const more: Graph = {
      ...graph,
      nodes: [
        ...graph.nodes,
        { name: 'copy', op: 'Identity', domain: '', inputs: ['w'], outputs: ['v'], attributes: {} },
      ],
      outputs: [...graph.outputs, { name: 'v', dtype: 'float32', shape: undefined }],
    };
    expect(optimize(more, { policy: eager }).initializers.get('w')).toBe(
      graph.initializers.get('w'),
    );
  });

  it('does not change the graph that it was given', () => {
    const graph = convolution();
    const before = JSON.stringify([graph.nodes, [...graph.initializers.keys()]]);
    optimize(graph, { policy: eager });
    expect(JSON.stringify([graph.nodes, [...graph.initializers.keys()]])).toBe(before);
  });

  const alone: readonly [string, Spec][] = [
    ['stride 2', { attributes: { strides: ints(2, 2) } }],
    ['dilation 2', { attributes: { dilations: ints(2, 2) } }],
    ['groups', { group: 2 }],
    ['a kernel of 1 with padding', { kernel: [1, 1] }],
    ['a kernel that is not square', { kernel: [3, 1] }],
    ['weights that are computed', { openWeights: true }],
    ['automatic padding', { attributes: { auto_pad: { type: 'string', value: 'SAME_UPPER' } } }],
    ['negative padding', { pads: [-1, 0, 0, 0] }],
    ['an operator set without modes of DepthToSpace', { opset: 10 }],
  ];
  it.each(alone)('leaves alone: %s', (_, spec) => {
    const graph = convolution(spec);
    expect(optimize(graph, { policy: eager })).toBe(graph);
  });

  it('leaves alone: sides that are not known', () => {
    const graph = convolution();
    const open = {
      ...graph,
      inputs: [{ name: 'x', dtype: 'float32', shape: [1, 8, 'H', 'W'] }],
    } as const;
    expect(optimize(open, { policy: eager })).toBe(open);
    expect(optimize(open, { policy: eager, inputs: { x: [1, 8, 9, 9] } })).not.toBe(open);
  });

  it('leaves alone: half precision', () => {
    const graph = convolution();
    const { data, shape } = graph.initializers.get('w')!;
    const bits = float32ToFloat16(data as Float32Array);
    expect(float16ToFloat32(bits)[0]).toBeCloseTo((data as Float32Array)[0]!, 2);
    const half: Graph = {
      ...graph,
      inputs: graph.inputs.map((info) => ({ ...info, dtype: 'float16' })),
      initializers: new Map([['w', { dtype: 'float16', shape, data: bits }]]),
    };
    expect(optimize(half, { policy: eager })).toBe(half);
  });

  it('leaves alone: what lies behind an operator that it does not know', () => {
    const graph = convolution();
    const strange: Graph = {
      ...graph,
      nodes: [
        { name: 's', op: 'Strange', domain: '', inputs: ['x'], outputs: ['q'], attributes: {} },
        { ...graph.nodes[0]!, inputs: ['q', 'w'] },
        graph.nodes[1]!,
      ],
    };
    expect(optimize(strange, { policy: eager })).toBe(strange);
  });

  it('leaves alone: filters that only pick numbers, which others are compared with', () => {
    const graph = convolution({ inputs: 1, outputs: 9 });
    const data = Float32Array.from({ length: 81 }, (_, i) => (i % 10 === 0 ? 1 : 0));
    const picks: Graph = {
      ...graph,
      initializers: new Map([['w', { dtype: 'float32', shape: [9, 1, 3, 3], data }]]),
    };
    expect(optimize(picks, { policy: eager })).toBe(picks);
  });

  it('leaves everything alone when the policy wants it', () => {
    const graph = convolution();
    expect(optimize(graph, { policy: UNCHANGED })).toBe(graph);
  });

  it('says when a policy chooses what a convolution cannot take', () => {
    const wrong: Policy = {
      name: 'wrong',
      choose: () => ({ kind: 'winograd', tile: 4, order: 'filters-first' }),
    };
    const strided = convolution({ attributes: { strides: ints(2, 2) } });
    expect(() => optimize(strided, { policy: wrong })).toThrowError(/"wrong".*"conv"/);
  });
});

describe('the policy for WASM', () => {
  const shape = (inputs: number, outputs: number, side: number) =>
    ({
      batch: 1,
      inputs,
      outputs,
      from: [side, side],
      to: [side, side],
      kernel: [3, 3],
      strides: [1, 1],
      dilations: [1, 1],
      padded: true,
    }) as const;

  it.each([
    [64, 64, 224],
    [128, 128, 112],
    [256, 256, 56],
    [512, 512, 28],
    [256, 256, 14],
  ])('takes F(4 x 4) for %i to %i channels of %i x %i, measured as the fastest', (...extents) => {
    expect(WASM_POLICY.choose(shape(...extents))).toMatchObject({ kind: 'winograd', tile: 4 });
  });

  it('takes F(2 x 2) where the filters weigh more than the image', () => {
    expect(WASM_POLICY.choose(shape(512, 512, 7))).toMatchObject({ kind: 'winograd', tile: 2 });
  });

  it('leaves alone what has few channels on one side, where the transforms cost more', () => {
    expect(WASM_POLICY.choose(shape(3, 64, 224)).kind).toBe('direct');
    expect(WASM_POLICY.choose(shape(64, 3, 224)).kind).toBe('direct');
    expect(WASM_POLICY.choose(shape(8, 8, 16)).kind).toBe('direct');
  });
});
