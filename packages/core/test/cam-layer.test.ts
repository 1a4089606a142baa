import { describe, expect, it } from 'vitest';
import { describeNetwork } from '@convlens/adapters';
import { buildAlexNet, buildDenseNet, buildResNet } from '@convlens/adapters/builders';
import { gradCamLayer, layersBelow } from '../src/index.js';

const small = { weights: 'zeros', inputSize: 64, width: 0.25, classes: 10 } as const;
const alexnet = describeNetwork(buildAlexNet(small));
const resnet = describeNetwork(buildResNet({ ...small, depth: 18 }));
const densenet = describeNetwork(buildDenseNet({ weights: 'zeros', inputSize: 64, classes: 10 }));

describe('the layer that Grad-CAM weighs', () => {
  it('is the last convolutional one for a class and for units above it', () => {
    for (const network of [alexnet, resnet, densenet]) {
      expect(gradCamLayer(network, { kind: 'class', index: 3 })).toBe(network.lastConv);
    }
    expect(gradCamLayer(alexnet, { kind: 'channel', layer: 'fc7', channel: 0 })).toBe(
      alexnet.lastConv,
    );
    expect(gradCamLayer(resnet, { kind: 'channel', layer: 'fc', channel: 0 })).toBe(
      resnet.lastConv,
    );
  });

  it.each([
    // A ReLU and its convolution share the layer that the convolution reads; so does a pooling above them.
    [alexnet, 'relu3', 'pool2'],
    [alexnet, 'conv3', 'pool2'],
    [alexnet, 'relu5', 'relu4'],
    [alexnet, 'pool2', 'pool1'],
    // Inside a residual block the way is the block's own; its sum has the block's input as the only passage.
    [resnet, 'layer2.1.relu', 'layer2.0.relu'],
    [resnet, 'layer2.1.conv2', 'layer2.1.relu1'],
    [resnet, 'layer1.0.relu', 'maxpool'],
  ] as const)('%#: %s %s', (network, layer, expected) => {
    expect(gradCamLayer(network, { kind: 'channel', layer, channel: 0 })).toBe(expected);
  });

  it('is none for units that read the image itself', () => {
    for (const layer of ['conv1', 'relu1', 'pool1']) {
      expect(gradCamLayer(alexnet, { kind: 'channel', layer, channel: 0 })).toBeUndefined();
    }
  });

  it('lies below the unit and is no passage around it, for every layer of every family', () => {
    for (const network of [alexnet, resnet, densenet]) {
      const conv = network.layers.filter(({ weight }) => weight !== undefined);
      let found = 0;
      for (const { id } of network.layers) {
        const layer = gradCamLayer(network, { kind: 'channel', layer: id, channel: 0 });
        if (layer === undefined) continue;
        found++;
        const below = layersBelow(network.layers, id);
        expect(below.has(layer)).toBe(true);
        expect(layersBelow(network.layers, layer).has(id)).toBe(false);
        expect(conv.some((one) => below.has(one.id) && one.id !== layer)).toBe(true);
      }
      expect(found).toBeGreaterThan(network.layers.length / 2);
    }
  });
});
