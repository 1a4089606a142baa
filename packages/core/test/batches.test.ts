import { describeNetwork, type Network } from '@convlens/adapters';
import { buildVgg } from '@convlens/adapters/builders';
import { float32, type TensorData } from '@convlens/onnx';
import type { Executor } from '@convlens/runtime';
import { describe, expect, it } from 'vitest';
import { FeatureMaps, findLayer, Gradients, project, projectAll } from '../src/index.js';
import { native, numbers } from './support/run.js';

const SIDE = 32;
const IMAGES = 3;

const build = (batch: number | string): Network =>
  describeNetwork(
    buildVgg({ depth: 11, width: 0.125, inputSize: SIDE, classes: 10, batch, seed: 3 }),
  );

/** Counts runs. */
function counting(): { readonly executor: Executor; runs: number } {
  const counter = {
    runs: 0,
    executor: {
      async prepare(graph) {
        const program = await native.prepare(graph);
        return {
          ...program,
          run: (...asked) => {
            counter.runs++;
            return program.run(...asked);
          },
        };
      },
    } satisfies Executor as Executor,
  };
  return counter;
}

const length = 3 * SIDE * SIDE;
const pixels = numbers(IMAGES * length, 5);
const batch = float32(pixels, [IMAGES, 3, SIDE, SIDE]);
const image = (i: number): TensorData<'float32'> =>
  float32(pixels.slice(i * length, (i + 1) * length), [1, 3, SIDE, SIDE]);

/** The largest difference to the images one by one, as a part of the largest number. */
function apart(all: Float32Array, single: readonly Float32Array[]): number {
  const right = Float32Array.from(single.flatMap((each) => [...each]));
  expect(all).toHaveLength(right.length);
  const largest = right.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest).toBeGreaterThan(0);
  return all.reduce((most, value, i) => Math.max(most, Math.abs(value - right[i]!)), 0) / largest;
}

describe.each([
  ['a network of any batch', 'N', 1],
  ['a network of one image', 1, IMAGES],
] as const)('%s', (_, extent, runs) => {
  const network = build(extent);
  const layer = findLayer(network, 'relu2_1');
  const logits = network.logits!.value;

  it('gives feature maps of several images as of each', async () => {
    const counter = counting();
    const maps = new FeatureMaps(network, counter.executor);
    const all = await maps.read(batch, [layer.value, logits]);
    expect(counter.runs).toBe(runs);
    expect(all.get(layer.value)!.shape).toEqual([IMAGES, ...layer.shape]);
    for (const value of [layer.value, logits]) {
      const single: Float32Array[] = [];
      for (let i = 0; i < IMAGES; i++) {
        single.push((await maps.read(image(i), [value])).get(value)!.data);
      }
      expect(apart(all.get(value)!.data, single)).toBeLessThan(1e-5);
    }
    await maps.dispose();
  });

  it.each(['backprop', 'deconvnet', 'guided'] as const)(
    'gives projections of several images as of each: %s',
    async (rule) => {
      const counter = counting();
      const maps = new FeatureMaps(network, native);
      const gradients = new Gradients(network, counter.executor);
      const target = { kind: 'channel', layer: layer.id, channel: 4 } as const;
      const activations = (await maps.read(batch, [layer.value])).get(layer.value)!;
      const all = await projectAll(network, gradients, batch, activations, target, rule);
      expect(counter.runs).toBe(runs);
      expect(all).toHaveLength(IMAGES);
      for (let i = 0; i < IMAGES; i++) {
        const own = (await maps.read(image(i), [layer.value])).get(layer.value)!;
        const activation = { ...own, shape: own.shape.slice(1) };
        const one = await project(network, gradients, image(i), activation, target, rule);
        const { projection, row, column, value } = all[i]!;
        expect([row, column]).toEqual([one.row, one.column]);
        expect(value).toBeCloseTo(one.value, 5);
        expect(projection.shape).toEqual([3, SIDE, SIDE]);
        expect(apart(projection.data, [one.projection.data])).toBeLessThan(1e-4);
      }
      // The strongest places differ, or the seeds would not have been told apart.
      expect(new Set(all.map(({ row, column }) => `${row} ${column}`)).size).toBeGreaterThan(1);
      await maps.dispose();
      await gradients.dispose();
    },
  );

  it('lets one cotangent serve all images, and says when their number is another', async () => {
    const gradients = new Gradients(network, native);
    const data = new Float32Array(10);
    data[2] = 1;
    const seed = { value: logits, cotangent: float32(data, [1, 10]) };
    const all = await gradients.backward(batch, seed);
    const single: Float32Array[] = [];
    for (let i = 0; i < IMAGES; i++) {
      const one = await gradients.backward(image(i), seed);
      single.push(one.gradients.get(network.input.name)!.data);
    }
    expect(apart(all.gradients.get(network.input.name)!.data, single)).toBeLessThan(1e-4);
    const two = { value: logits, cotangent: float32(new Float32Array(20), [2, 10]) };
    await expect(gradients.backward(batch, two)).rejects.toMatchObject({ code: 'E_SHAPE' });
    await gradients.dispose();
  });
});
