import { describeNetwork, type Network } from '@convlens/adapters';
import { cropToInput, toInput, type Pixels } from '@convlens/data';
import { cut, LensError, type TensorData } from '@convlens/onnx';
import { writeOptimizers } from '@convlens/training';
import { parse, splitPair, UsageError, type Given } from '../arguments.js';
import { Output, readImage, readModel, readTensor, type Model } from '../files.js';
import { runtimeOf } from '../runtime.js';

/**
 * The tensors to feed: from .npy files by input name, or from an image through the network's preprocessing.
 *
 * @throws UsageError when neither is given
 */
function feedsOf(given: Given, model: Model): Record<string, TensorData> {
  const feeds = Object.fromEntries(
    given.list('input').map((pair) => {
      const [name, file] = splitPair(pair, 'input');
      return [name, readTensor(file)];
    }),
  );
  const image = given.text('image');
  if (image !== undefined) {
    const network = describeNetwork(model.graph, model.knowledge);
    feeds[network.input.name] = imageTensor(network, image);
  }
  if (Object.keys(feeds).length === 0) throw new UsageError('--input or --image is missing');
  return feeds;
}

/** An image as a network is fed it: float32 `[1, C, H, W]`. */
export function imageTensor(network: Network, path: string): TensorData<'float32'> {
  return toInput(imageCrop(network, path), network.input.shape[0], network.preprocessing);
}

/** What a network sees of an image, at the size of its input. */
export function imageCrop({ input }: Network, path: string): Pixels {
  const [, height, width] = input.shape;
  return cropToInput(readImage(path), height, width);
}

/** A value of the graph by its own name or by a layer's id. */
function valueOf(model: Model, name: string): string {
  const { graph } = model;
  const produced = graph.nodes.some(({ outputs }) => outputs.includes(name));
  if (produced) return name;
  const network = describeNetwork(graph, model.knowledge);
  const layer = network.layers.find(({ id }) => id === name);
  if (!layer) {
    const main = network.layers.filter((candidate) => candidate.main).map(({ id }) => id);
    throw new LensError(
      'E_LAYER_UNKNOWN',
      `There is no layer or value "${name}". Main layers: ${main.join(', ')}.`,
    );
  }
  return layer.value;
}

/** `convlens run`: activations as .npy. */
export async function run(args: readonly string[]): Promise<string> {
  const given = parse(args, {
    input: { type: 'string', multiple: true },
    image: { type: 'string' },
    layer: { type: 'string', multiple: true },
    out: { type: 'string' },
  });
  const names = given.list('layer');
  if (names.length === 0) throw new UsageError('--layer is missing');
  const folder = given.needed('out');
  const model = readModel(given.model);
  const feeds = feedsOf(given, model);
  const values = names.map((name) => valueOf(model, name));
  const executor = await runtimeOf(given, 'numbers');
  const graph = cut(writeOptimizers(model.graph), [...new Set(values)]);
  const program = await executor.prepare(graph);
  const used = Object.fromEntries(graph.inputs.map(({ name }) => [name, feeds[name]!]));
  const missing = graph.inputs.find(({ name }) => feeds[name] === undefined);
  if (missing) throw new UsageError(`--input ${missing.name}=FILE.npy is missing`);
  const results = await program.run(used);
  const output = new Output(folder);
  names.forEach((name, i) => output.tensor(name, results[values[i]!]!));
  await program.dispose();
  return output.written.join('\n');
}
