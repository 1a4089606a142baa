import { describeNetwork } from '@convlens/adapters';
import {
  attribute as compute,
  attributionDescriptions,
  attributionMethods,
  FeatureMaps,
  Gradients,
  topClasses,
  type Parameters,
} from '@convlens/core';
import { LensError } from '@convlens/onnx';
import { parse, UsageError } from '../arguments.js';
import { Output, readModel } from '../files.js';
import { poolOf, runtimeOf } from '../runtime.js';
import { signedPicture } from './project.js';
import { optionsFor, readOptions } from '../recipes/options.js';
import { imageTensor } from './run.js';

/** Parameters of all methods; those that a method does not have are passed over. */
export const attributeOptions: Parameters = Object.fromEntries(
  Object.values(attributionDescriptions).flatMap(({ parameters }) => Object.entries(parameters)),
);

/** `convlens attribute`: which pixels drove a class. */
export async function attribute(args: readonly string[]): Promise<string> {
  const given = parse(args, {
    image: { type: 'string' },
    class: { type: 'string' },
    method: { type: 'string' },
    ...optionsFor(attributeOptions),
    out: { type: 'string' },
  });
  const wished = given.text('method') ?? 'saliency';
  const method = attributionMethods.find((known) => known === wished);
  if (!method)
    throw new UsageError(`--method is one of ${attributionMethods.join(', ')}, got "${wished}"`);
  const image = given.needed('image');
  const folder = given.needed('out');
  const { graph, knowledge } = readModel(given.model);
  const network = describeNetwork(graph, knowledge);
  const { logits } = network;
  if (!logits)
    throw new LensError('E_ARGUMENT', `${network.title} has no classes to attribute to.`);
  const input = imageTensor(network, image);
  const executor = await runtimeOf(given, 'numbers');
  const maps = new FeatureMaps(network, executor);
  const scores = (await maps.read(input, [logits.value])).get(logits.value)!;
  const index = given.count('class') ?? topClasses(scores.data, 1)[0]!.index;
  const lines = [
    `class ${index}${network.classes ? ` (${network.classes[index] ?? '?'})` : ''}, score ${scores.data[index]}`,
  ];
  const gradients = new Gradients(network, executor, poolOf(given.text('runtime')));
  const { map: result, notes } = await compute({
    network,
    gradients,
    maps,
    input,
    target: { kind: 'class', index },
    method,
    settings: readOptions(given, attributeOptions),
  });
  const output = new Output(folder);
  output.tensor(`${method}-${index}`, result);
  output.image(
    `${method}-${index}`,
    signedPicture(result, network.preprocessing.channelOrder === 'BGR'),
  );
  await maps.dispose();
  await gradients.dispose();
  return [...lines, ...notes, ...output.written].join('\n');
}
