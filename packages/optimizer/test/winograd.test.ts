import { float32, type Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { optimize, type Form, type Winograd } from '../src/index.js';
import { convolution, noise, relativeError, run, type Spec } from './support/convolution.js';

const always = (form: Form) => ({ name: 'always', choose: () => form });
const ops = (graph: Graph): string[] => graph.nodes.map(({ op }) => op);

/** The rewritten convolution against the runtime's own, over one batch of noise. */
async function errorOf(spec: Spec, form: Winograd, batch = 1): Promise<number> {
  const { inputs = 8, size = [12, 12] } = spec;
  const shape = [batch, inputs, ...size];
  const x = float32(
    noise(
      shape.reduce((a, b) => a * b),
      5,
    ),
    shape,
  );
  const plain = convolution({ batch, ...spec });
  const rewritten = optimize(plain, { policy: always(form) });
  expect(ops(rewritten)).toContain('DepthToSpace');
  const [expected, actual] = [await run(plain, { x }), await run(rewritten, { x })];
  expect(actual.y!.dims).toEqual(expected.y!.dims);
  const clipped = actual.y!.data.map((value) => Math.max(value, 0));
  expect(relativeError(actual.z!.data, clipped)).toBe(0);
  return relativeError(actual.y!.data, expected.y!.data);
}

/** Forms with the largest relative L2 error that they may have, whatever the channels. */
const FORMS: readonly [string, Spec, Omit<Winograd, 'order'>, number][] = [
  ['F(2 x 2, 3 x 3)', {}, { kind: 'winograd', tile: 2 }, 1e-6],
  ['F(4 x 4, 3 x 3)', {}, { kind: 'winograd', tile: 4 }, 5e-6],
  ['F(2 x 2, 5 x 5)', { kernel: [5, 5] }, { kind: 'winograd', tile: 2 }, 5e-6],
];

/** Sides, paddings, channels, batches: whole tiles and not, one tile, no padding, uneven padding. */
const CASES: readonly [string, Spec, number?][] = [
  ['whole tiles', { size: [12, 12], pads: [1, 1, 1, 1] }],
  ['tiles that reach beyond', { size: [13, 7], pads: [1, 1, 1, 1] }],
  ['less than a tile', { size: [5, 5], pads: [0, 0, 0, 0] }],
  ['uneven padding', { size: [9, 14], pads: [0, 2, 3, 1] }],
  ['padding wider than the kernel', { size: [6, 6], pads: [4, 5, 6, 4] }],
  ['a bias', { size: [10, 11], bias: true }],
  ['one channel in, many out', { inputs: 1, outputs: 19, size: [8, 8] }],
  ['many channels in, one out', { inputs: 19, outputs: 1, size: [8, 8] }],
  ['a batch', { size: [9, 8], bias: true }, 3],
  ['an open batch', { batch: 'N', size: [9, 8], bias: true }, 3],
  ['bands of rows', { inputs: 70, outputs: 3, size: [97, 95], pads: [2, 1, 0, 2], bias: true }],
  ['padding of many rows', { inputs: 70, outputs: 3, size: [20, 95], pads: [60, 0, 50, 0] }],
  ['an open batch of one', { batch: 'N', size: [8, 8] }, 1],
];

it('cuts a large layer into bands of rows', () => {
  const policy = always({ kind: 'winograd', tile: 4, order: 'filters-first' });
  const graph = convolution({ inputs: 70, outputs: 3, size: [97, 95] });
  expect(ops(optimize(graph, { policy })).filter((op) => op === 'DepthToSpace')).toHaveLength(2);
});

describe('a product of positions and filters', () => {
  const policy = always({ kind: 'product' });
  it.each<[string, Spec, number?]>([
    ['plain', {}],
    ['a bias', { bias: true }],
    ['a batch', { size: [5, 7], bias: true }, 3],
    ['an open batch', { batch: 'N', size: [5, 7] }, 3],
    ['a stride', { size: [9, 8], attributes: { strides: { type: 'ints', value: [2, 3] } } }],
  ])('%s', async (_, spec, batch = 1) => {
    const { size = [12, 12] } = spec;
    const shape = [batch, 8, ...size];
    const x = float32(
      noise(
        shape.reduce((a, b) => a * b),
        5,
      ),
      shape,
    );
    const plain = convolution({ batch, ...spec, kernel: [1, 1], pads: [0, 0, 0, 0] });
    const rewritten = optimize(plain, { policy });
    expect(ops(rewritten)).toContain('MatMul');
    const [expected, actual] = [await run(plain, { x }), await run(rewritten, { x })];
    expect(actual.y!.dims).toEqual(expected.y!.dims);
    expect(relativeError(actual.y!.data, expected.y!.data)).toBeLessThan(1e-6);
  });
});

describe.each(FORMS)('%s', (_, base, form, bound) => {
  describe.each(['filters-first', 'tiles-first'] as const)('%s', (order) => {
    it.each(CASES)('%s', async (_, spec, batch) => {
      expect(await errorOf({ ...base, ...spec }, { ...form, order }, batch)).toBeLessThan(bound);
    });

    it('random shapes', async () => {
      const numbers = noise(7 * 12, 3).map((value) => (value + 1) / 2);
      for (let i = 0; i < 12; i++) {
        const pick = (k: number, from: number, to: number): number =>
          from + Math.floor(numbers[7 * i + k]! * (to - from + 1));
        const spec: Spec = {
          ...base,
          inputs: pick(0, 1, 9),
          outputs: pick(1, 1, 9),
          size: [pick(2, 5, 15), pick(3, 5, 15)],
          pads: [pick(4, 0, 2), pick(5, 0, 2), pick(5, 0, 2), pick(4, 0, 2)],
          bias: i % 2 === 0,
          seed: i,
        };
        const error = await errorOf(spec, { ...form, order }, pick(6, 1, 3));
        expect(error, JSON.stringify(spec)).toBeLessThan(bound);
      }
    });

    it('512 channels', async () => {
      const wide = { ...base, inputs: 512, outputs: 16, size: [14, 14] } as const;
      expect(await errorOf(wide, { ...form, order })).toBeLessThan(bound);
    });
  });
});
