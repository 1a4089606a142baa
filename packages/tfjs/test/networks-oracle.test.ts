import { differentiate, objective, vjp, type Objective } from '@convlens/autodiff';
import { cut, elementCount, float32, read, type Graph, type TensorData } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { relativeError } from './support/errors.js';
import { has, load, loadArray, loadJson } from './support/shared.js';
import { executorWith } from './support/wasm.js';

const executor = await executorWith('fused');

interface Quantity {
  readonly file: string;
  readonly tolerance: number;
}

interface Manifest {
  readonly model: string;
  readonly input: { readonly name: string; readonly file: string };
  readonly tensors: Readonly<Record<string, { readonly onnx: string }>>;
  readonly middle: string;
  readonly choices: {
    readonly class: number;
    readonly meanChannel: number;
    readonly neuron: readonly [number, number, number];
    readonly projection: readonly [number, number, number];
  };
  readonly scalars: Readonly<Record<string, number>>;
  readonly quantities: Readonly<Record<string, Quantity>>;
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

async function run(
  graph: Graph,
  feeds: Readonly<Record<string, TensorData>>,
): Promise<Record<string, TensorData<'float32'>>> {
  const program = await executor.prepare(graph);
  const results = await program.run(feeds);
  await program.dispose();
  return results as Record<string, TensorData<'float32'>>;
}

describe('tfjs-wasm: whole networks against PyTorch (shared/oracles)', () => {
  // Skipped, and so visible, where the folder is missing.
  it.skipIf(names.length === 0)('finds all networks', () => expect(names).toHaveLength(8));

  describe.each(names)('%s', (name) => {
    const folder = `oracles/${name}`;
    const manifest = loadJson<Manifest>(`${folder}/manifest.json`);
    const { middle, choices, scalars, quantities, tensors } = manifest;
    const file = read(load(`${folder}/${manifest.model}`));
    const { data, shape } = loadArray(`${folder}/${manifest.input.file}`);
    const image = manifest.input.name;
    const feeds = { [image]: float32(data, shape) };
    const logits = tensors.logits!.onnx;
    const check = (quantity: string, actual: TensorData<'float32'> | undefined): void => {
      const expected = loadArray(`${folder}/${quantities[quantity]!.file}`);
      const error = relativeError(actual?.data ?? [], expected.data);
      expect(error, quantity).toBeLessThan(quantities[quantity]!.tolerance);
    };

    it('activations', async () => {
      const values = Object.values(tensors).map(({ onnx }) => onnx);
      const results = await run(cut(file, values), feeds);
      for (const [tensor, { onnx }] of Object.entries(tensors)) {
        check(tensor === 'logits' ? tensor : `act_${tensor}`, results[onnx]);
      }
    });

    const [channel, row, column] = choices.neuron;
    const aims: Record<string, { spec: Objective; scalar: string }> = {
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
    it.each(Object.entries(aims))('%s', async (quantity, { spec, scalar }) => {
      const aim = objective(file, spec);
      const { graph, value, gradients } = differentiate(aim.graph, {
        of: aim.value,
        wrt: [image],
        pool: 'portable',
      });
      const results = await run(graph, feeds);
      expect(Math.abs(results[value]!.data[0]! / scalars[scalar]! - 1)).toBeLessThan(1e-5);
      check(quantity, results[gradients[image]!]);
    });

    it.each(['deconvnet', 'guided'] as const)('projection %s', async (rule) => {
      const product = vjp(file, {
        cotangents: { [middle]: { input: 'signal' } },
        wrt: [image],
        pool: 'portable',
        rule,
      });
      const extents = product.graph.inputs.find((info) => info.name === 'signal')!
        .shape as number[];
      const [, , height, width] = extents as [number, number, number, number];
      const signal = new Float32Array(elementCount(extents));
      const [unit, y, x] = choices.projection;
      signal[(unit * height + y) * width + x] = scalars.projectionSeed!;
      const results = await run(product.graph, { ...feeds, signal: float32(signal, extents) });
      const quantity = rule === 'guided' ? 'proj_guided' : 'proj_deconv';
      check(quantity, results[product.gradients[image]!]);
    });
  });
});
