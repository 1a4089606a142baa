import { describe, expect, it } from 'vitest';
import { describeNetwork, type Network } from '@convlens/adapters';
import { buildAlexNet, buildVgg } from '@convlens/adapters/builders';
import { float32 } from '@convlens/onnx';
import { kernels } from '../src/index.js';

const small = describeNetwork(buildAlexNet({ inputSize: 64, width: 0.125, classes: 5, seed: 3 }));

/** The weights a layer's initialiser holds. */
const weightsOf = (network: Network, id: string): Float32Array => {
  const { weight } = network.layers.find((layer) => layer.id === id)!;
  return network.graph.initializers.get(weight!)!.data as Float32Array;
};

describe('kernels', () => {
  it('first layer: in colour, one picture a unit, statistics of each', () => {
    const found = kernels(small, 'conv1');
    expect([found.colour, found.inputs, found.height, found.width]).toEqual([true, 3, 11, 11]);
    expect(found.data).toEqual(weightsOf(small, 'conv1'));
    const size = 3 * 121;
    const one = [...found.data.subarray(2 * size, 3 * size)];
    expect(found.low[2]).toBe(Math.min(...one));
    expect(found.high[2]).toBe(Math.max(...one));
    expect(found.norm[2]).toBeCloseTo(Math.hypot(...one), 5);
    expect(found.mean[2]).toBeCloseTo(one.reduce((a, b) => a + b) / size, 6);
  });

  it('gives red, green, blue also for a network that is fed blue first', () => {
    const preprocessing = {
      channelOrder: 'BGR',
      range: 255,
      mean: [104, 117, 123],
      std: [1, 1, 1],
    } as const;
    const swapped = kernels({ ...small, preprocessing }, 'conv1');
    const plain = kernels(small, 'conv1');
    for (const at of [0, 60, 120]) {
      expect(swapped.data[at]).toBe(plain.data[242 + at]);
      expect(swapped.data[121 + at]).toBe(plain.data[121 + at]);
      expect(swapped.data[242 + at]).toBe(plain.data[at]);
    }
  });

  it('a dense layer behind a map is folded back to that map', () => {
    const { flattened } = small.layers.find(({ id }) => id === 'fc6')!;
    const found = kernels(small, 'fc6');
    expect([found.inputs, found.height, found.width]).toEqual([...flattened!]);
    expect(found.data).toEqual(weightsOf(small, 'fc6'));
  });

  it('reads matrices stored the other way round', () => {
    const layer = small.layers.find(({ id }) => id === 'fc8')!;
    const [units, inputs] = [5, weightsOf(small, 'fc8').length / 5];
    const turned = new Float32Array(units * inputs);
    const plain = weightsOf(small, 'fc8');
    for (let unit = 0; unit < units; unit++) {
      for (let i = 0; i < inputs; i++) turned[i * units + unit] = plain[unit * inputs + i]!;
    }
    const network: Network = {
      ...small,
      layers: small.layers.map((one) => (one === layer ? { ...one, weightOrder: 'in-out' } : one)),
      graph: {
        ...small.graph,
        initializers: new Map([
          ...small.graph.initializers,
          [layer.weight!, float32(turned, [inputs, units])],
        ]),
      },
    };
    expect(kernels(network, 'fc8').data).toEqual(plain);
  });

  it('gives the first units only of a layer with a hundred million weights', () => {
    const found = kernels(describeNetwork(buildVgg({ depth: 16, weights: 'zeros' })), 'fc6');
    expect(found.units).toBe(4096);
    expect(found.held).toBe(334);
    expect(found.data.length).toBe(334 * 512 * 49);
  });

  it('names the layers that have weights when one has none', () => {
    expect(() => kernels(small, 'relu1')).toThrow(/has no weights.*conv1.*fc8/);
  });
});
