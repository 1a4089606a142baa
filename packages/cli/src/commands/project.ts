import { describeNetwork } from '@convlens/adapters';
import { FeatureMaps, findLayer, Gradients, project } from '@convlens/core';
import { colorize, divergingLight, type Pixels } from '@convlens/data';
import { float32, type TensorData } from '@convlens/onnx';
import { parse, UsageError } from '../arguments.js';
import { Output, readModel } from '../files.js';
import { poolOf, runtimeOf } from '../runtime.js';
import { imageTensor } from './run.js';
import { ruleOf } from './vjp.js';

/**
 * A signed picture: colour images around mid grey, single planes in a diverging map; the largest value reaches the end.
 *
 * @param tensor float32 `[C, H, W]` or `[H, W]`
 * @param blueFirst true when channel 0 is blue
 */
export function signedPicture(tensor: TensorData<'float32'>, blueFirst = false): Pixels {
  const [channels = 1, height = 1, width = 1] =
    tensor.shape.length === 2 ? [1, ...tensor.shape] : tensor.shape;
  const reach = tensor.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  const picture = { width, height, data };
  if (channels !== 3) {
    colorize(
      tensor.data,
      { offset: 0, width, height },
      { low: -reach, high: reach },
      divergingLight,
      picture,
    );
    return picture;
  }
  for (let c = 0; c < 3; c++) {
    const source = blueFirst ? 2 - c : c;
    for (let i = 0; i < width * height; i++) {
      data[i * 4 + c] = 127.5 * (1 + tensor.data[source * width * height + i]! / reach);
    }
  }
  return picture;
}

/** `convlens project`: a unit's value carried back to the pixels. */
export async function projectCommand(args: readonly string[]): Promise<string> {
  const given = parse(args, {
    image: { type: 'string' },
    layer: { type: 'string' },
    channel: { type: 'string' },
    row: { type: 'string' },
    column: { type: 'string' },
    rule: { type: 'string' },
    out: { type: 'string' },
  });
  const rule = ruleOf(given.text('rule') ?? 'deconvnet');
  const image = given.needed('image');
  const id = given.needed('layer');
  const channel = given.count('channel');
  if (channel === undefined) throw new UsageError('--channel is missing');
  const [row, column] = [given.count('row'), given.count('column')];
  const folder = given.needed('out');
  const { graph, knowledge } = readModel(given.model);
  const network = describeNetwork(graph, knowledge);
  const input = imageTensor(network, image);
  const layer = findLayer(network, id);
  const executor = await runtimeOf(given, 'numbers');
  const maps = new FeatureMaps(network, executor);
  const activation = (await maps.read(input, [layer.value])).get(layer.value)!;
  const gradients = new Gradients(network, executor, poolOf(given.text('runtime')));
  const unit = { layer: id, channel };
  const found = await project(
    network,
    gradients,
    input,
    float32(activation.data, activation.shape.slice(1)),
    row === undefined || column === undefined
      ? { kind: 'channel', ...unit }
      : { kind: 'neuron', ...unit, row, column },
    rule,
  );
  const output = new Output(folder);
  const name = `${id}-${channel}-${rule}`;
  output.tensor(name, found.projection);
  output.image(name, signedPicture(found.projection, network.preprocessing.channelOrder === 'BGR'));
  await maps.dispose();
  await gradients.dispose();
  const where = `${id} channel ${channel}, row ${found.row}, column ${found.column}: ${found.value}`;
  return [where, ...(found.problem === undefined ? [] : [found.problem]), ...output.written].join(
    '\n',
  );
}
