import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { elementCount, float32, write, type Graph, type TensorData } from '@convlens/onnx';
import {
  formsOf,
  LARGEST_ERROR,
  optimize,
  shapeKey,
  tunableShapes,
  tune,
  tunedPolicy,
  tuneShape,
  UNCHANGED,
  type ConvolutionShape,
  type Form,
  type TuningTarget,
} from '../src/index.js';
import { sampleConvolution } from '../src/sample.js';
import { convolution } from './support/convolution.js';

/** ONNX Runtime, with a clock that says what a test wants. */
function target(costOf: (graph: Graph) => number, spoil?: (graph: Graph) => boolean): TuningTarget {
  let clock = 0;
  return {
    now: () => clock,
    prepare: async (graph) => {
      const session = await ort.InferenceSession.create(write(graph));
      return {
        run: async (feeds) => {
          clock += costOf(graph);
          const { x } = feeds as { x: TensorData<'float32'> };
          const { y } = await session.run({ x: new ort.Tensor(x.data, x.shape) });
          const data = y!.data as Float32Array;
          return {
            y: float32(spoil?.(graph) ? data.map((value) => value * 1.01) : data, y!.dims),
          };
        },
        dispose: () => session.release(),
      };
    },
  };
}

const shapeOf = (graph: Graph) => tunableShapes(graph)[0]!;
const isDirect = (graph: Graph): boolean => graph.nodes.length === 1;

describe('tuning', () => {
  const graph = convolution({ inputs: 16, outputs: 8 });

  it('takes the form that was fastest, whatever a model says', async () => {
    const slowRewritten = await tuneShape(
      shapeOf(graph),
      target((g) => (isDirect(g) ? 1 : 5)),
      UNCHANGED,
    );
    expect(slowRewritten.form).toEqual({ kind: 'direct' });
    const fastRewritten = await tuneShape(
      shapeOf(graph),
      target((g) => (isDirect(g) ? 5 : 1)),
      UNCHANGED,
    );
    expect(fastRewritten.form.kind).toBe('winograd');
    expect(fastRewritten.candidates.map(({ form }) => form)).toEqual(formsOf(shapeOf(graph)));
  });

  it('keeps the usual form where another is hardly faster', async () => {
    const hardly = target((g) => (isDirect(g) ? 100 : 97));
    expect((await tuneShape(shapeOf(graph), hardly, UNCHANGED)).form).toEqual({ kind: 'direct' });
  });

  it('refuses a form that computes something else, however fast it is', async () => {
    const tuned = await tuneShape(
      shapeOf(graph),
      target(
        (g) => (isDirect(g) ? 5 : 1),
        (g) => !isDirect(g),
      ),
      UNCHANGED,
    );
    expect(tuned.form).toEqual({ kind: 'direct' });
    expect(Math.min(...tuned.candidates.slice(1).map(({ error }) => error))).toBeGreaterThan(
      LARGEST_ERROR,
    );
  });

  it.each([
    ['3 x 3, padded', { inputs: 64, outputs: 32, from: [28, 28], kernel: [3, 3], padded: true }],
    ['3 x 3, one side', { inputs: 256, outputs: 256, from: [14, 9], kernel: [3, 3], padded: true }],
    ['5 x 5', { inputs: 24, outputs: 16, from: [15, 15], kernel: [5, 5], padded: true }],
    ['1 x 1', { inputs: 64, outputs: 256, from: [14, 14], kernel: [1, 1], padded: false }],
  ] as const)('bounds the error of every form: %s', async (_, extents) => {
    const one = [1, 1] as const;
    const shape = { batch: 1, to: extents.from, strides: one, dilations: one, ...extents };
    const { candidates } = await tuneShape(
      shape,
      target(() => 1),
      UNCHANGED,
    );
    expect(candidates.length).toBeGreaterThan(1);
    for (const { form, error } of candidates) {
      expect(error, JSON.stringify(form)).toBeLessThan(3e-6);
    }
  });

  it('measures a convolution with the extents that it was asked for', async () => {
    const shape: ConvolutionShape = {
      batch: 2,
      inputs: 3,
      outputs: 5,
      from: [13, 11],
      to: [6, 5],
      kernel: [5, 3],
      strides: [2, 2],
      dilations: [1, 1],
      padded: true,
    };
    const { graph: sample, feeds } = sampleConvolution(shape);
    const session = await ort.InferenceSession.create(write(sample));
    const { data, shape: dims } = feeds.x as TensorData<'float32'>;
    const { y } = await session.run({ x: new ort.Tensor(data, dims) });
    expect(y!.dims).toEqual([2, 5, 6, 5]);
    expect(elementCount(dims)).toBe(2 * 3 * 13 * 11);
  });

  it('keeps what it found, spends no more than its budget, and does not measure twice', async () => {
    const forms = new Map<string, Form>();
    const slow = target(() => 1000);
    expect((await tune(graph, slow, forms, { budgetMs: 0, otherwise: UNCHANGED })).size).toBe(0);
    const found = await tune(graph, slow, forms, { budgetMs: 1, otherwise: UNCHANGED });
    expect([...found.keys()]).toEqual([shapeKey(shapeOf(graph))]);
    const before = slow.now();
    await tune(graph, slow, forms, { budgetMs: 1, otherwise: UNCHANGED });
    expect(slow.now()).toBe(before);
  });

  it('rewrites by what was found, and by the other policy where nothing was', () => {
    const shape = shapeOf(graph);
    const form: Form = { kind: 'winograd', tile: 2, order: 'tiles-first' };
    const tuned = tunedPolicy(new Map([[shapeKey(shape), form]]), UNCHANGED);
    expect(optimize(graph, { policy: tuned })).not.toBe(graph);
    const other = convolution({ inputs: 16, outputs: 9 });
    expect(optimize(other, { policy: tuned })).toBe(other);
  });

  it('passes over a kept form that a convolution cannot take', () => {
    const old = { kind: 'winograd', tile: 9, order: 'tiles-first' } as unknown as Form;
    const tuned = tunedPolicy(new Map([[shapeKey(shapeOf(graph)), old]]), UNCHANGED);
    expect(optimize(graph, { policy: tuned })).toBe(graph);
  });
});
