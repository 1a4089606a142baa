import { describeNetwork, type Network } from '@convlens/adapters';
import {
  FeatureMaps,
  gradCam,
  gradient,
  Gradients,
  gradientProblem,
  gradientTimesInput,
  guidedGradCam,
  integratedGradients,
  normalNoise,
  occlusion,
  saliency,
  seedOf,
  smoothGrad,
  topClasses,
  type Target,
} from '@convlens/core';
import { float32, LensError, type TensorData } from '@convlens/onnx';
import { parse, UsageError } from '../arguments.js';
import { Output, readModel } from '../files.js';
import { runtimeOf } from '../runtime.js';
import { signedPicture } from './project.js';
import { imageTensor } from './run.js';

type Tensor = TensorData<'float32'>;

const METHODS = [
  'saliency',
  'gradient-input',
  'integrated',
  'smoothgrad',
  'occlusion',
  'gradcam',
  'guided-gradcam',
] as const;

/** What a method needs. */
interface Task {
  readonly network: Network;
  readonly gradients: Gradients;
  readonly maps: FeatureMaps;
  readonly input: Tensor;
  readonly target: Target;
  readonly steps: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

const single = (tensor: Tensor): Tensor => float32(tensor.data, tensor.shape.slice(1));

async function compute(method: (typeof METHODS)[number], task: Task): Promise<Tensor> {
  const { network, gradients, maps, input, target, steps, seed, say } = task;
  const slope = async (): Promise<Tensor> => {
    const { gradient: found } = await gradient(network, gradients, input, target);
    const problem = gradientProblem(found);
    if (problem !== undefined) say(problem);
    return found;
  };
  switch (method) {
    case 'saliency':
      return saliency(await slope());
    case 'gradient-input':
      return single(gradientTimesInput(await slope(), input));
    case 'integrated': {
      const found = await integratedGradients(network, gradients, input, target, { steps });
      say(
        `sum ${found.sum}, difference of scores ${found.difference}, completeness gap ${found.gap}`,
      );
      return single(found.attribution);
    }
    case 'smoothgrad': {
      const [low, high] = input.data.reduce(
        ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
        [Infinity, -Infinity],
      );
      const sigma = 0.15 * (high - low);
      const noise = normalNoise(seed, Math.min(steps, 50), input.data.length, sigma);
      return single(await smoothGrad(network, gradients, input, target, noise));
    }
    case 'occlusion': {
      const { value, cotangent } = seedOf(network, target);
      const score = async (tensor: Tensor): Promise<number> => {
        const found = (await maps.read(tensor, [value])).get(value)!;
        return found.data.reduce((sum, one, i) => sum + one * cotangent.data[i]!, 0);
      };
      const patch = Math.max(1, Math.round(network.input.shape[1] / 8));
      return occlusion(score, input, { patch, stride: Math.max(1, patch >> 1) });
    }
    case 'gradcam':
      return (await gradCam(network, gradients, input, target)).map;
    case 'guided-gradcam': {
      const { map } = await gradCam(network, gradients, input, target);
      const guided = await gradients.backward(input, seedOf(network, target), { rule: 'guided' });
      return single(guidedGradCam(guided.gradients.get(network.input.name)!, map));
    }
  }
}

/** `convlens attribute`: which pixels drove a class. */
export async function attribute(args: readonly string[]): Promise<string> {
  const given = parse(args, {
    image: { type: 'string' },
    class: { type: 'string' },
    method: { type: 'string' },
    steps: { type: 'string' },
    seed: { type: 'string' },
    out: { type: 'string' },
  });
  const wished = given.text('method') ?? 'saliency';
  const method = METHODS.find((known) => known === wished);
  if (!method) throw new UsageError(`--method is one of ${METHODS.join(', ')}, got "${wished}"`);
  const image = given.needed('image');
  const folder = given.needed('out');
  const { graph, knowledge } = readModel(given.model);
  const network = describeNetwork(graph, knowledge);
  const { logits } = network;
  if (!logits)
    throw new LensError('E_ARGUMENT', `${network.title} has no classes to attribute to.`);
  const input = imageTensor(network, image);
  const executor = await runtimeOf(given);
  const maps = new FeatureMaps(network, executor);
  const scores = (await maps.read(input, [logits.value])).get(logits.value)!;
  const index = given.count('class') ?? topClasses(scores.data, 1)[0]!.index;
  const lines = [
    `class ${index}${network.classes ? ` (${network.classes[index] ?? '?'})` : ''}, score ${scores.data[index]}`,
  ];
  const gradients = new Gradients(network, executor);
  const result = await compute(method, {
    network,
    gradients,
    maps,
    input,
    target: { kind: 'class', index },
    steps: given.count('steps') ?? 50,
    seed: given.count('seed') ?? 0,
    say: (line) => lines.push(line),
  });
  const output = new Output(folder);
  output.tensor(`${method}-${index}`, result);
  output.image(
    `${method}-${index}`,
    signedPicture(result, network.preprocessing.channelOrder === 'BGR'),
  );
  await maps.dispose();
  await gradients.dispose();
  return [...lines, ...output.written].join('\n');
}
