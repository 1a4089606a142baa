import { describeNetwork } from '@convlens/adapters';
import { elementCount, read, type Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { differentiate, objective, vjp, type Objective, type PoolLowering } from '../src/index.js';
import { relativeError, run } from './support/run.js';
import { has, load, loadArray, loadJson } from './support/shared.js';

interface Manifest {
  readonly model: string;
  readonly input: { readonly name: string; readonly file: string };
  readonly tensors: Readonly<Record<string, { readonly onnx: string }>>;
  readonly middle: string;
  readonly cam: string;
  readonly choices: {
    readonly class: number;
    readonly meanChannel: number;
    readonly neuron: readonly [number, number, number];
    readonly projection: readonly [number, number, number];
  };
  readonly scalars: Readonly<Record<string, number>>;
  readonly quantities: Readonly<
    Record<string, { readonly file: string; readonly tolerance: number }>
  >;
}

const names = [
  'embedded_alexnet',
  'embedded_densenet',
  'embedded_resnet18',
  'embedded_vgg11',
  'googlenet',
  'mnist',
  'resnet20_cifar10',
  'squeezenet1_1',
].filter((name) => has(`oracles/${name}/manifest.json`));

function objectives(manifest: Manifest): Record<string, { spec: Objective; scalar: string }> {
  const { middle, choices } = manifest;
  const [channel, row, column] = choices.neuron;
  const logits = manifest.tensors.logits!.onnx;
  return {
    grad_score: {
      spec: [{ kind: 'channel', layer: logits, channel: choices.class }],
      scalar: 'score',
    },
    grad_channel_mean: {
      spec: [{ kind: 'channel', layer: middle, channel: choices.meanChannel }],
      scalar: 'channelMean',
    },
    grad_neuron: {
      spec: [{ kind: 'neuron', layer: middle, channel, row, column }],
      scalar: 'neuron',
    },
    grad_deepdream: { spec: [{ kind: 'layer', layer: middle }], scalar: 'deepdream' },
  };
}

describe('whole networks against PyTorch (shared/oracles)', () => {
  // Skipped, and so visible, where the folder is missing.
  it.skipIf(names.length === 0)('finds all networks', () => expect(names).toHaveLength(8));

  describe.each(names)('%s', (name) => {
    const folder = `oracles/${name}`;
    const manifest = loadJson<Manifest>(`${folder}/manifest.json`);
    const file = read(load(`${folder}/${manifest.model}`));
    const x = loadArray(`${folder}/${manifest.input.file}`);
    const feeds = { [manifest.input.name]: x.data };
    const wrt = [manifest.input.name];
    const check = (quantity: string, actual: Float32Array | undefined): void => {
      const expected = loadArray(`${folder}/${manifest.quantities[quantity]!.file}`);
      const error = relativeError(actual ?? [], expected.data);
      expect(error, quantity).toBeLessThan(manifest.quantities[quantity]!.tolerance);
    };

    describe.each(['indices', 'portable'] as const)('pool %s', (pool: PoolLowering) => {
      it.each(Object.entries(objectives(manifest)))('%s', async (quantity, { spec, scalar }) => {
        const target = objective(file, spec);
        const { graph, value, gradients } = differentiate(target.graph, {
          of: target.value,
          wrt,
          pool,
        });
        const results = await run(graph, feeds);
        const expected = manifest.scalars[scalar]!;
        expect(Math.abs(results[value]![0]! / expected - 1)).toBeLessThan(1e-5);
        check(quantity, results[gradients[wrt[0]!]!]);
      });

      it.each(['deconvnet', 'guided'] as const)('projection %s', async (rule) => {
        const { middle, choices, scalars } = manifest;
        const cotangents = { [middle]: { input: 'signal' } };
        const product = vjp(file, { cotangents, wrt, pool, rule });
        const shape = product.graph.inputs.find((info) => info.name === 'signal')!.shape!;
        const [, , height, width] = shape as [number, number, number, number];
        const signal = new Float32Array(elementCount(shape as number[]));
        const [channel, row, column] = choices.projection;
        signal[(channel * height + row) * width + column] = scalars.projectionSeed!;
        const results = await run(product.graph, { ...feeds, signal });
        const quantity = rule === 'guided' ? 'proj_guided' : 'proj_deconv';
        check(quantity, results[product.gradients[wrt[0]!]!]);
      });
    });

    it('gradcam_weights, as the graph of the adapters', async () => {
      const { cam } = manifest;
      const { logits, choices } = { logits: manifest.tensors.logits!.onnx, ...manifest };
      const graph: Graph = describeNetwork(file).graph;
      const target = objective(graph, [{ kind: 'channel', layer: logits, channel: choices.class }]);
      const result = differentiate(target.graph, { of: target.value, wrt: [cam] });
      const gradient = (await run(result.graph, feeds))[result.gradients[cam]!]!;
      const expected = loadArray(`${folder}/${manifest.quantities.gradcam_weights!.file}`);
      const channels = expected.data.length;
      const positions = gradient.length / channels;
      const weights = Float32Array.from({ length: channels }, (_, channel) => {
        const plane = gradient.subarray(channel * positions, (channel + 1) * positions);
        return plane.reduce((total, value) => total + value, 0) / positions;
      });
      check('gradcam_weights', weights);
    });
  });
});
