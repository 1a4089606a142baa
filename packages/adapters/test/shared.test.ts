import { existsSync, readFileSync } from 'node:fs';
import { read } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { describeNetwork, type Knowledge } from '../src/index.js';
import { noise, relativeError, run } from './support/run.js';

interface ModelEntry {
  readonly id: string;
  readonly file: string;
  readonly input: {
    readonly name: string;
    readonly shape: readonly (number | string)[];
    readonly channelOrder: 'RGB' | 'BGR' | 'grey';
    readonly range: number;
    readonly mean: readonly number[];
    readonly std: readonly number[];
  };
  readonly output: { readonly shape: readonly (number | string)[] };
  readonly logits: string;
  readonly classes: string;
  readonly layers: Readonly<Record<string, string>>;
  readonly macs?: number;
}

interface Oracle {
  readonly tensors: Readonly<Record<string, { readonly onnx: string; readonly shape: number[] }>>;
}

const shared = new URL('../../../../shared/', import.meta.url);

/** Title and some layers of each file: the name that people know -> the name that the file's list gives it. */
const EXPECTED: Readonly<Record<string, readonly [title: string, layers: Record<string, string>]>> =
  {
    resnet18: [
      'ResNet-18',
      { relu: 'conv1', 'layer2.1.relu': 'layer2', 'layer4.1.relu': 'layer4' },
    ],
    'resnet18-robust': ['ResNet-18', { 'layer3.1.relu': 'layer3', fc: 'logits' }],
    vgg11: ['VGG-11', { relu1_1: 'conv1_1', relu4_2: 'conv4_2', fc7: 'logits' }],
    alexnet: ['AlexNet', { relu1: 'conv1', relu5: 'conv5', fc8: 'logits' }],
    densenet: [
      'DenseNet-BC, blocks 4-6-8-6',
      { relu0: 'conv0', denseblock1: 'denseblock1', transition1: 'transition1', relu5: 'last' },
    ],
    googlenet: ['GoogLeNet', { norm1: 'norm1', inception_3b: 'inception_3b', fc: 'logits' }],
    squeezenet1_1: ['SqueezeNet 1.1', { pool1: 'pool1', fire6: 'fire6', pool10: 'logits' }],
    resnet20_cifar10: ['ResNet-20 for CIFAR', { 'layer3.2.relu': 'layer3', fc: 'logits' }],
    mnist: ['CNN with 2 convolutions', { relu1: 'relu1', pool2: 'pool2', fc: 'logits' }],
  };

function entries(folder: string): readonly ModelEntry[] {
  const list = new URL(`${folder}/models.json`, shared);
  if (!existsSync(list)) return [];
  return (JSON.parse(readFileSync(list, 'utf8')) as { models: ModelEntry[] }).models;
}

for (const [folder, prefix] of [
  ['models', 'embedded_'],
  ['real', ''],
] as const) {
  const root = new URL(`${folder}/`, shared);
  const models = entries(folder);
  if (models.length === 0) {
    describe.skip(`shared/${folder} (the folder is missing)`, () => {
      it('is described', () => undefined);
    });
    continue;
  }

  describe.each(models.map((model) => [model.id, model] as const))(
    `shared/${folder}: %s`,
    (id, model) => {
      const bytes = readFileSync(new URL(model.file, root));
      const network = describeNetwork(read(bytes));
      const [title, known] = EXPECTED[id] ?? ['?', {}];

      it('is recognised, with its scores, figures and preprocessing', () => {
        expect(network.title).toBe(title);
        const classes = model.output.shape.at(-1);
        expect(network.logits).toEqual({ value: model.logits, classes });
        if (model.macs !== undefined) expect(network.macs).toBe(model.macs);
        const { channelOrder, range, mean, std } = model.input;
        expect(network.preprocessing).toEqual({
          channelOrder: channelOrder === 'grey' ? 'GRAY' : channelOrder,
          range,
          mean,
          std,
        });
      });

      it('names the layers that its list names', () => {
        for (const [name, theirs] of Object.entries(known)) {
          const layer = network.layers.find((each) => each.id === name);
          expect(layer?.value).toBe(model.layers[theirs]);
        }
      });

      it('takes the classes that are known', () => {
        const names = readFileSync(new URL(model.classes, root), 'utf8').trim().split('\n');
        const knowledge: Knowledge = { classes: names };
        expect(describeNetwork(read(bytes), knowledge).classes).toEqual(names);
      });

      it('computes what the file computes', async () => {
        const shape = [1, ...network.input.shape];
        const pixels = noise(shape);
        const expected = await run(bytes, network.input.name, pixels, shape);
        const actual = await run(network.graph, network.input.name, pixels, shape);
        expect(relativeError(actual, expected)).toBeLessThan(1e-4);
      });

      const manifest = new URL(`oracles/${prefix}${id}/manifest.json`, shared);
      it.skipIf(!existsSync(manifest))('has every oracle value as a layer', () => {
        const { tensors } = JSON.parse(readFileSync(manifest, 'utf8')) as Oracle;
        expect(Object.keys(tensors).length).toBeGreaterThan(3);
        for (const { onnx, shape } of Object.values(tensors)) {
          const layer = network.layers.find(({ value }) => value === onnx);
          expect(layer?.shape).toEqual(shape.slice(1));
        }
      });
    },
  );
}
