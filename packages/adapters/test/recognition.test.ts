import { simplify, type Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { buildAlexNet, buildDenseNet, buildResNet, buildVgg } from '../src/builders/index.js';
import { describeNetwork, type Layer, type Network } from '../src/index.js';
import { scramble } from './support/scramble.js';

const narrow = { width: 0.0625, weights: 'zeros' } as const;
const mainOf = (network: Network) =>
  network.layers.filter((layer) => layer.main).map(({ id }) => id);
const idsOf = (network: Network) => network.layers.map(({ id }) => id);

/** What does not depend on the file's names. */
function anonymous({ layers, ...network }: Network): object {
  const plain = layers.map(({ value: _, weight, ...layer }: Layer) => {
    return { ...layer, hasWeight: weight !== undefined };
  });
  const { family, title, firstConv, lastConv, classifier, parameters, macs, guesses } = network;
  return { plain, family, title, firstConv, lastConv, classifier, parameters, macs, guesses };
}

const cases: [string, string, Graph][] = [
  ['alexnet', 'AlexNet', buildAlexNet(narrow)],
  ['alexnet', 'AlexNet with batch norm', buildAlexNet({ ...narrow, batchNorm: true })],
  ...([11, 13, 16, 19] as const).flatMap((depth): [string, string, Graph][] => [
    ['vgg', `VGG-${depth}`, buildVgg({ ...narrow, depth })],
    ['vgg', `VGG-${depth} with batch norm`, buildVgg({ ...narrow, depth, batchNorm: true })],
  ]),
  ...([18, 34, 50, 101, 152] as const).map((depth): [string, string, Graph] => {
    return ['resnet', `ResNet-${depth}`, buildResNet({ ...narrow, depth })];
  }),
  ...([3, 5, 7, 9, 18] as const).map((n): [string, string, Graph] => {
    const blocks = [n, n, n];
    const graph = buildResNet({ ...narrow, blocks, width: 0.25, inputSize: 32 });
    return ['resnet', `ResNet-${6 * n + 2} for CIFAR`, graph];
  }),
  ['resnet', 'ResNet-14, blocks 2-1-3', buildResNet({ ...narrow, blocks: [2, 1, 3] })],
  ...([121, 161, 169, 201] as const).map((depth): [string, string, Graph] => {
    return ['densenet', `DenseNet-${depth}`, buildDenseNet({ ...narrow, depth })];
  }),
  [
    'densenet',
    'DenseNet-BC, blocks 4-6-8-6',
    buildDenseNet({ ...narrow, blocks: [4, 6, 8, 6], inputSize: 64 }),
  ],
  ['densenet', 'DenseNet-BC, blocks 2-3', buildDenseNet({ ...narrow, blocks: [2, 3] })],
];

describe.each(cases)('%s: %s', (family, title, graph) => {
  const network = describeNetwork(graph);

  it('is recognised', () => {
    expect(network.family).toBe(family);
    expect(network.title).toBe(title);
    expect(network.logits).toEqual({ value: graph.outputs[0]?.name, classes: 1000 });
    expect(network.input).toEqual({
      name: 'input',
      shape: graph.inputs[0]?.shape?.slice(1),
    });
    expect(network.graph.inputs[0]?.shape?.[0]).toBe('batch');
  });

  it('has layers with unique ids whose values are in the graph', () => {
    const ids = idsOf(network);
    expect(new Set(ids).size).toBe(ids.length);
    const made = new Set(network.graph.nodes.flatMap((node) => node.outputs));
    const before = new Set<string>();
    for (const layer of network.layers) {
      expect(made).toContain(layer.value);
      for (const id of layer.from) expect(before).toContain(id);
      before.add(layer.id);
      expect(layer.shape.every((extent) => extent > 0)).toBe(true);
      expect(`${layer.block}.`.startsWith(layer.stage)).toBe(true);
      if (layer.kind === 'conv' || layer.kind === 'dense') {
        expect(network.graph.initializers.has(layer.weight ?? '')).toBe(true);
        expect(layer.macs).toBeGreaterThan(0);
        expect(layer.parameters).toBeGreaterThan(0);
      }
    }
    for (const id of [network.firstConv, network.lastConv, ...network.classifier]) {
      expect(ids).toContain(id);
    }
  });

  it('is recognised by its structure alone', () => {
    expect(anonymous(describeNetwork(scramble(graph, 11)))).toEqual(anonymous(network));
  });
});

describe('convolutions without kernel_shape', () => {
  it.each([
    ['AlexNet', buildAlexNet(narrow)],
    ['VGG-16', buildVgg({ ...narrow, depth: 16, inputSize: 32 })],
    ['ResNet-50', buildResNet({ ...narrow, depth: 50, inputSize: 32 })],
    ['DenseNet-121', buildDenseNet({ ...narrow, inputSize: 64 })],
  ])('%s', (title, graph) => {
    const nodes = graph.nodes.map((node) => {
      const { kernel_shape: kernel, ...attributes } = node.attributes;
      return node.op === 'Conv' && kernel !== undefined ? { ...node, attributes } : node;
    });
    const network = describeNetwork({ ...graph, nodes });
    expect(network.title).toBe(title);
    expect(idsOf(network)).toEqual(idsOf(describeNetwork(graph)));
  });
});

describe('folded batch norm', () => {
  const pairs: [string, (fold: boolean) => Graph][] = [
    ['VGG-13', (fold) => buildVgg({ ...narrow, depth: 13, batchNorm: true, fold })],
    ['AlexNet', (fold) => buildAlexNet({ ...narrow, batchNorm: true, fold })],
    ['ResNet-50', (fold) => buildResNet({ ...narrow, depth: 50, fold })],
    ['DenseNet-169', (fold) => buildDenseNet({ ...narrow, depth: 169, fold })],
  ];
  it.each(pairs)('%s: the layers are the same', (title, build) => {
    const [kept, folded] = [describeNetwork(build(false)), describeNetwork(build(true))];
    expect(folded.title).toBe(title);
    expect(kept.title.startsWith(title)).toBe(true);
    expect(idsOf(folded)).toEqual(idsOf(kept));
    expect(mainOf(folded)).toEqual(mainOf(kept));
  });
});

describe('names', () => {
  it('AlexNet', () => {
    const network = describeNetwork(buildAlexNet(narrow));
    expect(idsOf(network).join(' ')).toBe(
      'conv1 relu1 pool1 conv2 relu2 pool2 conv3 relu3 conv4 relu4 conv5 relu5 pool5 ' +
        'fc6 relu6 fc7 relu7 fc8',
    );
    expect(mainOf(network).join(' ')).toBe(
      'conv1 relu1 pool1 relu2 pool2 relu3 relu4 relu5 pool5 relu6 relu7 fc8',
    );
    expect(network).toMatchObject({ firstConv: 'conv1', lastConv: 'relu5' });
    expect(network.classifier).toEqual(['fc6', 'fc7', 'fc8']);
    const fc6 = network.layers.find(({ id }) => id === 'fc6');
    expect(fc6).toMatchObject({ flattened: [16, 6, 6], weightOrder: 'out-in', from: ['pool5'] });
  });

  it('VGG-16', () => {
    const network = describeNetwork(buildVgg({ ...narrow, depth: 16 }));
    expect(mainOf(network).join(' ')).toBe(
      'conv1_1 relu1_1 relu1_2 pool1 relu2_1 relu2_2 pool2 relu3_1 relu3_2 relu3_3 pool3 ' +
        'relu4_1 relu4_2 relu4_3 pool4 relu5_1 relu5_2 relu5_3 pool5 relu6 relu7 fc8',
    );
    expect(idsOf(network).slice(-9).join(' ')).toBe(
      'relu5_2 conv5_3 relu5_3 pool5 fc6 relu6 fc7 relu7 fc8',
    );
    expect(network).toMatchObject({ firstConv: 'conv1_1', lastConv: 'relu5_3' });
  });

  it('ResNet-18', () => {
    const network = describeNetwork(buildResNet(narrow));
    expect(mainOf(network).join(' ')).toBe(
      'conv1 relu maxpool layer1.0.relu layer1.1.relu layer2.0.relu layer2.1.relu ' +
        'layer3.0.relu layer3.1.relu layer4.0.relu layer4.1.relu avgpool fc',
    );
    expect(idsOf(network).slice(13, 25).join(' ')).toBe(
      'layer2.0.conv1 layer2.0.relu1 layer2.0.conv2 layer2.0.downsample layer2.0.add ' +
        'layer2.0.relu layer2.1.conv1 layer2.1.relu1 layer2.1.conv2 layer2.1.add layer2.1.relu ' +
        'layer3.0.conv1',
    );
    expect(network).toMatchObject({ firstConv: 'conv1', lastConv: 'layer4.1.relu' });
    expect(network.classifier).toEqual(['fc']);
    const layer = network.layers.find(({ id }) => id === 'layer2.0.add');
    expect(layer).toMatchObject({ stage: 'layer2', block: 'layer2.0' });
    expect(layer?.from).toEqual(['layer2.0.conv2', 'layer2.0.downsample']);
  });

  it('ResNet-50', () => {
    const network = describeNetwork(buildResNet({ ...narrow, depth: 50 }));
    const blocks = [3, 4, 6, 3].flatMap((count, stage) =>
      Array.from({ length: count }, (_, at) => `layer${stage + 1}.${at}.relu`),
    );
    expect(mainOf(network)).toEqual(['conv1', 'relu', 'maxpool', ...blocks, 'avgpool', 'fc']);
    expect(idsOf(network).slice(3, 11).join(' ')).toBe(
      'layer1.0.conv1 layer1.0.relu1 layer1.0.conv2 layer1.0.relu2 layer1.0.conv3 ' +
        'layer1.0.downsample layer1.0.add layer1.0.relu',
    );
  });

  it('DenseNet-121', () => {
    const network = describeNetwork(buildDenseNet(narrow));
    const blocks = [6, 12, 24, 16].flatMap((count, at) => {
      const block = `denseblock${at + 1}`;
      const layers = Array.from({ length: count }, (_, i) => `${block}.denselayer${i + 1}`);
      return [...layers, block, ...(at < 3 ? [`transition${at + 1}`] : [])];
    });
    expect(mainOf(network)).toEqual([
      ...['conv0', 'relu0', 'pool0'],
      ...blocks,
      ...['relu5', 'avgpool', 'classifier'],
    ]);
    const inner = idsOf(network).filter((id) => id.startsWith('denseblock1.denselayer2'));
    expect(inner.map((id) => id.replace('denseblock1.denselayer2', '')).join(' ')).toBe(
      '.concat .norm1 .relu1 .conv1 .relu2 ',
    );
    const transition = idsOf(network).filter((id) => id.startsWith('transition1'));
    expect(transition.join(' ')).toBe(
      'transition1.norm transition1.relu transition1.conv transition1',
    );
    expect(network.lastConv).toBe('relu5');
    expect(network.layers.at(-5)).toMatchObject({ id: 'denseblock4', kind: 'concat' });
  });

  it('small inputs: the last map with an extent is still found', () => {
    const densenet = describeNetwork(buildDenseNet({ ...narrow, inputSize: 16 }));
    const last = densenet.layers.find(({ id }) => id === densenet.lastConv);
    expect(last?.shape.slice(1)).toEqual([2, 2]);
    const vgg = describeNetwork(buildVgg({ ...narrow, inputSize: 32 }));
    expect(vgg.lastConv).toBe('relu5_3');
  });
});

describe('figures', () => {
  it('multiply-adds of ResNet-18 and VGG-16 are the published ones', () => {
    expect(describeNetwork(buildResNet({ weights: 'zeros' })).macs).toBe(1_814_073_344);
    expect(describeNetwork(buildVgg({ weights: 'zeros' })).macs).toBe(15_470_264_320);
  });

  it('a described network may be described again', () => {
    const graph = buildResNet(narrow);
    const network = describeNetwork(graph);
    const again = describeNetwork(simplify(network.graph));
    expect(idsOf(again)).toEqual(idsOf(network));
  });
});
