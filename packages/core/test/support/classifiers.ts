import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeNetwork, type Preprocessing } from '@convlens/adapters';
import { buildVgg } from '@convlens/adapters/builders';
import { readPng } from '@convlens/data/png';
import { read } from '@convlens/onnx';
import { NetworkClassifier, planesOf } from '../../src/index.js';
import { native, numbers } from './run.js';

/** A small network with random weights that reads blue first, from 0 to 255, each colour by itself. */
export function randomClassifier(classes = 7): NetworkClassifier {
  const graph = buildVgg({ depth: 11, width: 0.125, inputSize: 32, classes, seed: 5 });
  const preprocessing: Preprocessing = {
    channelOrder: 'BGR',
    range: 255,
    mean: [104, 117, 123],
    std: [50, 60, 70],
  };
  return new NetworkClassifier(describeNetwork(graph, { preprocessing }), native);
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
  return {
    classifier: new NetworkClassifier(describeNetwork(graph, { preprocessing }), native),
    images: files.map((file) => planesOf(readPng(readFileSync(`${shared}photos/${file}`)), 3)),
    labels,
  };
}
