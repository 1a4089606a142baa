import { describeNetwork, type Network } from '@convlens/adapters';
import {
  emptyRanking,
  FeatureMaps,
  findLayer,
  Gradients,
  project,
  rankImage,
  receptiveFields,
  seenWindow,
  strongestPlaces,
  type FieldWindow,
} from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { float32, LensError } from '@convlens/onnx';
import { parse, UsageError } from '../arguments.js';
import { imageFiles, Output, readModel } from '../files.js';
import { poolOf, runtimeOf } from '../runtime.js';
import { signedPicture } from './project.js';
import { imageCrop, imageTensor } from './run.js';
import { ruleOf } from './vjp.js';

/** The part of a picture in a window. */
function cutOut({ width, data }: Pixels, window: FieldWindow): Pixels {
  const out = new Uint8Array(4 * window.width * window.height);
  for (let y = 0; y < window.height; y++) {
    const start = 4 * ((window.top + y) * width + window.left);
    out.set(data.subarray(start, start + 4 * window.width), 4 * y * window.width);
  }
  return { width: window.width, height: window.height, data: out };
}

/** Ranks the images that can be read; the others are named. */
async function rankFiles(
  network: Network,
  maps: FeatureMaps,
  layer: string,
  top: number,
  files: readonly string[],
): Promise<{ ranking: ReturnType<typeof emptyRanking>; skipped: string[] }> {
  const { value, shape } = findLayer(network, layer);
  const ranking = emptyRanking(shape, top);
  const skipped: string[] = [];
  for (const [index, file] of files.entries()) {
    try {
      const input = imageTensor(network, file);
      rankImage(ranking, index, (await maps.read(input, [value], { alone: true })).get(value)!);
    } catch (error) {
      if (!(error instanceof LensError) || !['E_IMAGE', 'E_FETCH'].includes(error.code))
        throw error;
      skipped.push(`left out ${file}: ${error.message}`);
    }
  }
  if (skipped.length === files.length) {
    throw new LensError('E_IMAGE', `None of ${files.length} images can be read. ${skipped[0]}`);
  }
  return { ranking, skipped };
}

/** `convlens patches`: where over a set of images a channel answers most, with the projections. */
export async function patches(args: readonly string[]): Promise<string> {
  const options = {
    layer: { type: 'string' },
    channel: { type: 'string' },
    images: { type: 'string', multiple: true },
    rule: { type: 'string' },
    top: { type: 'string' },
    out: { type: 'string' },
  } as const;
  const given = parse(args, options, true);
  const rule = ruleOf(given.text('rule') ?? 'deconvnet');
  const layer = given.needed('layer');
  const channel = given.count('channel');
  if (channel === undefined) throw new UsageError('--channel is missing');
  given.needed('images');
  const folder = given.needed('out');
  const top = given.count('top') ?? 9;
  if (top === 0) throw new UsageError('--top takes 1 or more, got 0');
  const { graph, knowledge } = readModel(given.model);
  const network = describeNetwork(graph, knowledge);
  const { value, shape } = findLayer(network, layer);
  if (channel >= shape[0]!) {
    throw new LensError(
      'E_ARGUMENT',
      `Layer "${layer}" has channels 0 to ${shape[0]! - 1}; there is no channel ${channel}.`,
    );
  }
  const files = imageFiles([...given.list('images'), ...given.rest]);
  const executor = await runtimeOf(given, 'speed');
  const maps = new FeatureMaps(network, executor);
  const gradients = new Gradients(network, executor, poolOf(given.text('runtime')));
  const { ranking, skipped } = await rankFiles(network, maps, layer, top, files);
  const field = receptiveFields(network.graph, network.input.name).get(value);
  const [, height, width] = network.input.shape;
  const output = new Output(folder);
  const list: unknown[] = [];
  for (const [at, place] of strongestPlaces(ranking, channel).entries()) {
    const file = files[place.image]!;
    const input = imageTensor(network, file);
    const { data } = (await maps.read(input, [value], { alone: true })).get(value)!;
    const { row, column } = place;
    const target = { kind: 'neuron', layer, channel, row, column } as const;
    const activation = float32(data, shape);
    const found = await project(network, gradients, input, activation, target, rule);
    const window = seenWindow(field, [row, column], [height, width]);
    const blueFirst = network.preprocessing.channelOrder === 'BGR';
    const name = `${layer}-${channel}-${at + 1}`;
    output.image(`${name}-patch`, cutOut(imageCrop(network, file), window));
    output.image(`${name}-${rule}`, cutOut(signedPicture(found.projection, blueFirst), window));
    const { problem } = found;
    list.push({ file, value: place.value, row, column, window, ...(problem && { problem }) });
  }
  output.json(`${layer}-${channel}`, { layer, channel, rule, images: files.length, patches: list });
  await maps.dispose();
  await gradients.dispose();
  return [...skipped, ...output.written].join('\n');
}
