import { describe, expect, it } from 'vitest';
import { describeNetwork, type Network } from '../src/index.js';
import { caffeAlexNet, caffeDenseNet } from './support/caffe.js';
import { withInitialisersAsInputs } from './support/draft.js';
import { kerasVgg } from './support/keras.js';
import { cifarResNet, mxnetResNet, mxnetResNetV2 } from './support/mxnet.js';
import { noise, relativeError, run } from './support/run.js';
import { scramble } from './support/scramble.js';

const idsOf = (network: Network) => network.layers.map(({ id }) => id);

const cases = [
  ['alexnet', 'AlexNet', caffeAlexNet()],
  ['alexnet', 'CaffeNet', caffeAlexNet({ poolFirst: true })],
  ['alexnet', 'ZFNet', caffeAlexNet({ firstKernel: 7, groups: 1 })],
  ['densenet', 'DenseNet-121', caffeDenseNet([6, 12, 24, 16])],
  ['densenet', 'DenseNet-BC, blocks 3-2', caffeDenseNet([3, 2])],
  ['vgg', 'VGG-16', kerasVgg([2, 2, 3, 3, 3])],
  ['vgg', 'VGG-19', kerasVgg([2, 2, 4, 4, 4])],
  ['resnet', 'ResNet-18', mxnetResNet([2, 2, 2, 2], false)],
  ['resnet', 'ResNet-50', mxnetResNet([3, 4, 6, 3], true)],
  ['resnet', 'ResNet-18 v2', mxnetResNetV2([2, 2, 2, 2], false)],
  ['resnet', 'ResNet-101 v2', mxnetResNetV2([3, 4, 23, 3], true)],
  ['resnet', 'ResNet-20 for CIFAR', cifarResNet(3)],
] as const;

describe.each(cases)('%s: %s by another exporter', (family, title, graph) => {
  const network = describeNetwork(graph);

  it('is recognised, through a file and under other names too', () => {
    expect(network).toMatchObject({ family, title });
    const fromFile = describeNetwork(withInitialisersAsInputs(graph));
    expect(fromFile.title).toBe(title);
    expect(idsOf(fromFile)).toEqual(idsOf(network));
    expect(idsOf(describeNetwork(scramble(graph, 3)))).toEqual(idsOf(network));
  });

  it('has unique names, and values that exist', () => {
    const ids = idsOf(network);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id.includes('_2') && !/[a-z]\d_2$/.test(id))).toEqual([]);
    const made = new Set(network.graph.nodes.flatMap((node) => node.outputs));
    for (const layer of network.layers) expect(made).toContain(layer.value);
  });
});

describe('Caffe', () => {
  it('AlexNet: names, groups, scores before the softmax, preprocessing', () => {
    const network = describeNetwork(caffeAlexNet());
    expect(idsOf(network).join(' ')).toBe(
      'conv1 relu1 norm1 pool1 conv2 relu2 norm2 pool2 conv3 relu3 conv4 relu4 conv5 relu5 pool5 ' +
        'fc6 relu6 fc7 relu7 fc8 softmax',
    );
    const conv2 = network.layers.find(({ id }) => id === 'conv2');
    const kernel = network.graph.initializers.get(conv2?.weight ?? '');
    expect(kernel?.shape).toEqual([32, 6, 5, 5]);
    expect(network.layers.find(({ id }) => id === 'fc6')?.flattened).toEqual([32, 6, 6]);
    expect(network.layers.find(({ id }) => id === 'fc8')?.value).toBe(network.logits?.value);
    expect(network.preprocessing).toEqual({
      channelOrder: 'BGR',
      range: 255,
      mean: [104, 117, 123],
      std: [1, 1, 1],
    });
    expect(network.guesses.join(' ')).toMatch(/Caffe/);
  });

  it('DenseNet: scale layers belong to their batch norm, a 1x1 convolution gives the scores', () => {
    const network = describeNetwork(caffeDenseNet([3, 2]));
    expect(network.classifier).toEqual(['classifier']);
    expect(network.logits?.classes).toBe(10);
    const layer = network.layers.find(({ id }) => id === 'denseblock1.denselayer2.norm1');
    expect(layer).toMatchObject({ kind: 'norm', from: ['denseblock1.denselayer2.concat'] });
    expect(idsOf(network).filter((id) => !/^[a-z]+\d*(\.[a-z]+\d*)*$/.test(id))).toEqual([]);
    expect(network.lastConv).toBe('relu3');
  });
});

describe('Keras', () => {
  it('VGG: channels last outside, first inside; biases and dense layers as MatMul and Add', async () => {
    const graph = kerasVgg([2, 2, 3, 3, 3]);
    const network = describeNetwork(graph);
    expect(network.input.shape).toEqual([3, 32, 32]);
    expect(idsOf(network).slice(-7).join(' ')).toBe(
      'relu5_3 pool5 fc6 relu6 fc7 relu7 fc8 softmax'.split(' ').slice(-7).join(' '),
    );
    expect(network.layers.find(({ id }) => id === 'fc6')).toMatchObject({ weightOrder: 'in-out' });
    expect(network.guesses.join(' ')).toMatch(/channels last/);

    const pixels = noise([1, 3, 32, 32]);
    const turned = pixels.map((_, at) => pixels[(at % 3) * 1024 + Math.floor(at / 3)] ?? 0);
    const expected = await run(graph, 'image', turned, [1, 32, 32, 3]);
    const actual = await run(network.graph, 'image', pixels, [1, 3, 32, 32]);
    expect(relativeError(actual, expected)).toBeLessThan(1e-5);
  });
});

describe('MXNet', () => {
  it('ResNet v2: normalisation and activation come first', () => {
    const network = describeNetwork(mxnetResNetV2([2, 2, 2, 2], false));
    expect(idsOf(network).slice(0, 12).join(' ')).toBe(
      'input_norm conv1 relu maxpool layer1.0.bn1 layer1.0.relu1 layer1.0.conv1 layer1.0.relu2 ' +
        'layer1.0.conv2 layer1.0.add layer1.1.bn1 layer1.1.relu1',
    );
    expect(idsOf(network).slice(-5).join(' ')).toBe('layer4.1.add post_bn post_relu avgpool fc');
    expect(network.lastConv).toBe('post_relu');
    expect(network.preprocessing.range).toBe(1);
  });

  it.each([
    ['v1', mxnetResNet([2, 2, 2, 2], false)],
    ['v2', mxnetResNetV2([2, 2, 2, 2], false)],
  ])('ResNet-18 %s: the described graph computes the same', async (_, graph) => {
    const network = describeNetwork(graph);
    for (const batch of [1, 2]) {
      const shape = [batch, 3, 64, 64];
      const expected = await run(graph, 'data', noise(shape), shape);
      const actual = await run(network.graph, 'data', noise(shape), shape);
      expect(actual).toHaveLength(10 * batch);
      expect(relativeError(actual, expected)).toBeLessThan(1e-4);
    }
  });
});
