// Packs trained networks for the page: weights as fp16, each followed by a Cast back to float32, so that the file is
// plain ONNX that any reader takes; half the download, and all arithmetic stays in float32.
//
//   node tools/pack.mjs FOLDER     FOLDER holds the float32 .onnx files and models.json
//
// Writes the .onnx files and manifest.json beside package.json.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { float32ToFloat16, read, write } from '@convlens/onnx';

const folder = process.argv[2];
if (!folder) {
  console.error('Usage: node tools/pack.mjs FOLDER (with the float32 .onnx files and models.json)');
  process.exit(64);
}
const here = new URL('..', import.meta.url);

/** The same graph with float32 weights stored as fp16. */
export function halve(graph) {
  const initializers = new Map();
  const casts = [];
  for (const [name, tensor] of graph.initializers) {
    if (tensor.dtype !== 'float32') {
      initializers.set(name, tensor);
      continue;
    }
    const half = `${name}.fp16`;
    initializers.set(half, {
      dtype: 'float16',
      shape: tensor.shape,
      data: float32ToFloat16(tensor.data),
    });
    casts.push({
      name: `${name}.cast`,
      op: 'Cast',
      domain: '',
      inputs: [half],
      outputs: [name],
      attributes: { to: { type: 'int', value: 1 } },
    });
  }
  return { ...graph, initializers, nodes: [...casts, ...graph.nodes] };
}

const ABOUT = {
  resnet18:
    'Blocks that add to what came before them. Made narrow; the best of the four on clean pictures.',
  vgg11: 'Nothing but small 3 x 3 filters, one after the other.',
  alexnet: 'Large 11 x 11 filters first: the network that began it all, made narrow.',
  densenet: 'Every layer reads all layers before it in its block.',
  'resnet18-robust':
    'The same ResNet, trained against attacks: fewer right answers, but far clearer pictures of what it looks for.',
};
const TITLES = {
  resnet18: 'ResNet-18',
  vgg11: 'VGG-11',
  alexnet: 'AlexNet',
  densenet: 'DenseNet',
  'resnet18-robust': 'ResNet-18, adversarially trained',
};
const FAMILIES = {
  resnet18: 'resnet',
  vgg11: 'vgg',
  alexnet: 'alexnet',
  densenet: 'densenet',
  'resnet18-robust': 'resnet',
};

const { models } = JSON.parse(readFileSync(join(folder, 'models.json'), 'utf8'));
const networks = models.map((model) => {
  const { id, input, accuracy, macs, parameters } = model;
  const bytes = write(halve(read(readFileSync(join(folder, model.file)))));
  writeFileSync(new URL(`${id}.onnx`, here), bytes);
  const [, channels, height, width] = input.shape;
  return {
    id,
    family: FAMILIES[id],
    title: TITLES[id],
    about: ABOUT[id],
    topology: model.family,
    file: `${id}.onnx`,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    parameters,
    macs,
    input: { name: input.name, shape: [channels, height, width] },
    preprocessing: {
      channelOrder: input.channelOrder,
      range: input.range,
      mean: input.mean,
      std: input.std,
    },
    labels: 'labels.txt',
    synsets: 'synsets.txt',
    trainingData: '100 classes of Tiny ImageNet (Stanford CS231n) at 64 x 64, 50,000 images',
    accuracy: {
      images: accuracy.validationFp16Weights.images,
      top1: accuracy.validationFp16Weights.top1,
      top5: accuracy.validationFp16Weights.top5,
    },
    licence: 'MIT; weights trained for this project from random initialisation',
  };
});
writeFileSync(
  new URL('manifest.json', here),
  `${JSON.stringify({ version: 1, networks }, null, 2)}\n`,
);
console.log(networks.map(({ file, bytes }) => `${file} ${bytes}`).join('\n'));
