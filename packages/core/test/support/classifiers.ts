import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeNetwork, type Network, type Preprocessing } from '@convlens/adapters';
import { buildVgg } from '@convlens/adapters/builders';
import { readPng } from '@convlens/data/png';
import { read } from '@convlens/onnx';
import { NetworkClassifier, planesOf, type Classifier } from '../../src/index.js';
import { native, numbers } from './run.js';

/** A small network with random weights that reads blue first, from 0 to 255, each colour by itself. */
export function randomNetwork(classes = 7): Network {
  const graph = buildVgg({ depth: 11, width: 0.125, inputSize: 32, classes, seed: 5 });
  const preprocessing: Preprocessing = {
    channelOrder: 'BGR',
    range: 255,
    mean: [104, 117, 123],
    std: [50, 60, 70],
  };
  return describeNetwork(graph, { preprocessing });
}

/** It, as what attacks see. */
export function randomClassifier(classes = 7): NetworkClassifier {
  return new NetworkClassifier(randomNetwork(classes), native);
}

/** Pictures of 32 x 32 noise with 8 bits. */
export function noisePictures(count: number): Float32Array[] {
  return Array.from({ length: count }, (_, i) =>
    numbers(3 * 32 * 32, i + 1).map((v) => Math.round(127.5 * (v + 1)) / 255),
  );
}

const shared = fileURLToPath(new URL('../../../../../shared/', import.meta.url));

/** Whether the folder with real networks is there. */
export const hasCifar = existsSync(`${shared}real/resnet20_cifar10.onnx`);

/** A ResNet-20 for CIFAR-10 that nothing defends, and twenty images that it knows. */
export function cifar(): {
  network: Network;
  classifier: NetworkClassifier;
  images: Float32Array[];
  labels: number[];
} {
  const folder = `${shared}oracles/resnet20_cifar10/`;
  const manifest = JSON.parse(readFileSync(`${folder}manifest.json`, 'utf8')) as {
    input: { preprocessing: Preprocessing };
    samples: { files: string[]; labels: number[] };
  };
  const graph = read(readFileSync(`${shared}real/resnet20_cifar10.onnx`));
  const { preprocessing } = manifest.input;
  const { files, labels } = manifest.samples;
  const network = describeNetwork(graph, { preprocessing });
  return {
    network,
    classifier: new NetworkClassifier(network, native),
    images: files.map((file) => planesOf(readPng(readFileSync(`${shared}photos/${file}`)), 3)),
    labels,
  };
}

/**
 * A linear classifier of one plane of `side` x `side`: class k has the logit (mean of the pixels) * gain_k + bias_k. How far
 * an attack has to go is known.
 */
export function byMean(
  side: number,
  gains: readonly number[],
  biases: readonly number[],
): Classifier {
  const size = side * side;
  const logits = (image: Float32Array): Float32Array => {
    const mean = image.reduce((sum, v) => sum + v, 0) / size;
    return Float32Array.from(gains, (gain, k) => gain * mean + biases[k]!);
  };
  return {
    shape: [1, side, side],
    classes: gains.length,
    widest: 8,
    logits: (images) => Promise.resolve(images.map(logits)),
    gradients(images, what) {
      if (what.kind === 'weights') throw new Error('not needed');
      const found = images.map((image, i) => {
        const label = what.labels[i]!;
        // Two classes: the gradient of cross-entropy over the probabilityOfOthers is that of the other score minus this one.
        const gradient = (gains[1 - label]! - gains[label]!) / size;
        return { logits: logits(image), gradient: new Float32Array(size).fill(gradient) };
      });
      return Promise.resolve(found);
    },
  };
}
