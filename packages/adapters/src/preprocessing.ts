import { floatAttribute, LensError, type Graph, type Node } from '@convlens/onnx';
import type { Knowledge, Preprocessing } from './network.js';
import { AFFINE } from './operators.js';
import type { Step } from './skeleton.js';
import { trunkOf } from './structure.js';

/** A linear map of each channel: y[c] = scale[c] * x[c] + shift[c]. */
interface Affine {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

const IMAGENET: Preprocessing = {
  channelOrder: 'RGB',
  range: 1,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
const CAFFE: Preprocessing = {
  channelOrder: 'BGR',
  range: 255,
  mean: [104, 117, 123],
  std: [1, 1, 1],
};

function plain(channels: number, range: number): Preprocessing {
  const fill = (value: number) => Array.from({ length: channels }, () => value);
  return { channelOrder: channels === 1 ? 'GRAY' : 'RGB', range, mean: fill(0), std: fill(1) };
}

/**
 * The steps that normalise the image before anything else reads it, perhaps channel by channel; the last one gives
 * the normalised image.
 *
 * @param image where the network begins
 * @param steps in order
 */
export function imageNormalisation(image: Step, steps: readonly Step[]): readonly Step[] {
  const end = steps.findIndex(({ kind, op }) => op === 'LRN' || !/norm|other|concat/.test(kind));
  const last = trunkOf(steps, image).findLast((step) => steps.indexOf(step) < end);
  return last === undefined ? [] : steps.slice(0, steps.indexOf(last) + 1);
}

/** One number a channel from a float32 constant of one element or as many as channels. */
function perChannel(graph: Graph, name: string | undefined, channels: number) {
  const tensor = graph.initializers.get(name ?? '');
  if (tensor?.dtype !== 'float32') return undefined;
  const data = tensor.data as Float32Array;
  if (data.length !== 1 && data.length !== channels) return undefined;
  return Array.from({ length: channels }, (_, at) => data[data.length === 1 ? 0 : at] ?? 0);
}

function affineOf(graph: Graph, node: Node, channels: number): Affine | undefined {
  if (node.op === 'BatchNormalization') {
    const tensors = node.inputs.slice(1).map((name) => perChannel(graph, name, channels));
    const [gamma, beta, mean, variance] = tensors;
    if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined) {
      return undefined;
    }
    const epsilon = floatAttribute(node, 'epsilon', 1e-5);
    const scale = gamma.map((value, at) => value / Math.sqrt((variance[at] ?? 1) + epsilon));
    return { scale, shift: beta.map((value, at) => value - (mean[at] ?? 0) * (scale[at] ?? 1)) };
  }
  if (!AFFINE.has(node.op)) return undefined;
  const constant = node.inputs.find((name) => graph.initializers.has(name));
  const values = perChannel(graph, constant, channels);
  if (values === undefined) return undefined;
  const same = (value: number) => values.map(() => value);
  if (node.op === 'Mul') return { scale: values, shift: same(0) };
  if (node.op === 'Div') return { scale: values.map((value) => 1 / value), shift: same(0) };
  return { scale: same(1), shift: node.op === 'Sub' ? values.map((value) => -value) : values };
}

/** What a normalisation inside the graph says of the pixels that it expects. */
function guessInside(
  graph: Graph,
  steps: readonly Step[],
  channels: number,
): Preprocessing | undefined {
  let scale = Array.from({ length: channels }, () => 1);
  let shift = scale.map(() => 0);
  for (const node of steps.flatMap((step) => [...step.nodes])) {
    const next = affineOf(graph, node, channels);
    if (next === undefined) return undefined;
    scale = scale.map((value, at) => value * (next.scale[at] ?? 1));
    shift = shift.map((value, at) => value * (next.scale[at] ?? 1) + (next.shift[at] ?? 0));
  }
  const mean = shift.map((value, at) => -value / (scale[at] ?? 1));
  const std = scale.map((value) => 1 / Math.abs(value));
  const largest = Math.max(...mean, ...std);
  // Means near 0 and deviations near 1: the normalisation polishes an image that is standardised already.
  const standardised = mean.every((value) => Math.abs(value) < 0.3) && Math.max(...std) > 0.6;
  if (largest <= 2 && standardised) return undefined;
  const [first = 0, , last = 0] = mean;
  const { channelOrder, ...rest } = plain(channels, largest > 2 ? 255 : 1);
  // The mean of red is the largest of the three in photographs.
  return { ...rest, channelOrder: channels === 3 && first < last ? 'BGR' : channelOrder };
}

/**
 * How pixels become the input: as known, or guessed from the graph.
 *
 * @param graph the network
 * @param normalisation steps that normalise the image inside the graph
 * @param channels of the image
 * @param caffe whether the network shows signs of Caffe
 * @param knowledge what is known from outside
 * @param guesses where to say what was assumed
 * @throws LensError `E_ARGUMENT` when `knowledge` has means for another number of channels
 */
export function preprocessingOf(
  graph: Graph,
  normalisation: readonly Step[],
  channels: number,
  caffe: boolean,
  knowledge: Knowledge,
  guesses: string[],
): Preprocessing {
  const known = knowledge.preprocessing;
  if (known !== undefined) {
    for (const values of [known.mean, known.std]) {
      if (values.length === channels) continue;
      throw new LensError(
        'E_ARGUMENT',
        `preprocessing: the network reads ${channels} channels, but mean and std are for ${values.length}.`,
      );
    }
    return known;
  }
  const inside = normalisation.length > 0 ? guessInside(graph, normalisation, channels) : undefined;
  if (inside !== undefined) {
    guesses.push(
      `Preprocessing: the network normalises its input itself; pixels are taken to be 0 to ${inside.range}, ` +
        `${inside.channelOrder}.`,
    );
    return inside;
  }
  if (channels === 3) {
    guesses.push(
      caffe
        ? 'Preprocessing: taken to be that of Caffe (BGR, 0 to 255, minus 104, 117, 123).'
        : "Preprocessing: taken to be ImageNet's (RGB, 0 to 1, torchvision's mean and deviation).",
    );
    return caffe ? CAFFE : IMAGENET;
  }
  const what = channels === 1 ? 'grey values' : `the ${channels} values of a pixel`;
  guesses.push(`Preprocessing: ${what} are taken to be 0 to 1.`);
  return plain(channels, 1);
}
