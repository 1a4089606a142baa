import { describe, expect, it } from 'vitest';
import { describeNetwork } from '@convlens/adapters';
import { buildResNet, buildVgg } from '@convlens/adapters/builders';
import { float32, type Graph } from '@convlens/onnx';
import { channelStatistics, FeatureMaps, findLayer, softmax, topClasses } from '../src/index.js';
import type { Executor } from '@convlens/runtime';

/** An executor that computes nothing but remembers what it was asked for. */
function recorder(): { executor: Executor; graphs: Graph[]; live: () => number } {
  const graphs: Graph[] = [];
  let live = 0;
  const executor: Executor = {
    prepare(graph) {
      graphs.push(graph);
      live++;
      return Promise.resolve({
        run: (_, outputs = []) =>
          Promise.resolve(
            Object.fromEntries(outputs.map((name) => [name, float32(new Float32Array(1), [1, 1])])),
          ),
        dispose: () => {
          live--;
          return Promise.resolve();
        },
      });
    },
  };
  return { executor, graphs, live: () => live };
}

const bytes = (graph: Graph): number =>
  [...graph.initializers.values()].reduce(
    (sum, { data }) => sum + (data as Float32Array).byteLength,
    0,
  );

describe('reading feature maps', () => {
  it('a small network is prepared once for all its layers', async () => {
    const network = describeNetwork(
      buildResNet({ depth: 18, width: 0.25, inputSize: 64, classes: 10 }),
    );
    const { executor, graphs, live } = recorder();
    const maps = new FeatureMaps(network, executor);
    const input = float32(new Float32Array(3 * 64 * 64), [1, 3, 64, 64]);
    for (const { value } of network.layers) await maps.read(input, [value]);
    expect(maps.everyLayer).toBe(true);
    expect(graphs.length).toBe(1);
    await maps.dispose();
    expect(live()).toBe(0);
  });

  it('a large network is cut at the layer: weights above are not held, and few programs stay', async () => {
    const network = describeNetwork(buildVgg({ depth: 16, weights: 'zeros' }));
    const { executor, graphs, live } = recorder();
    const maps = new FeatureMaps(network, executor);
    const input = float32(new Float32Array(1), [1]);
    expect(maps.everyLayer).toBe(false);
    for (const id of ['relu1_1', 'relu3_3', 'relu5_3']) {
      await maps.read(input, [findLayer(network, id).value]);
    }
    expect(bytes(graphs[0]!)).toBeLessThan(10e3);
    expect(bytes(graphs[2]!)).toBeLessThan(60e6);
    expect(live()).toBe(2);
    await maps.dispose();
    expect(live()).toBe(0);
  });

  it('names the layers there are when one is unknown', () => {
    const network = describeNetwork(buildVgg({ depth: 11, weights: 'zeros' }));
    expect(() => findLayer(network, 'conv9')).toThrow(/no layer "conv9".*relu5_2/);
  });
});

describe('statistics', () => {
  it('says where each channel answers most, first place on a tie', () => {
    const data = Float32Array.of(0, 3, 3, -1, -5, -2, -2, -9);
    const found = channelStatistics(float32(data, [1, 2, 2, 2]));
    expect([found.low, found.high]).toEqual([-9, 3]);
    expect([...found.peak]).toEqual([1, 1]);
    expect([...found.channelHigh]).toEqual([3, -2]);
    expect([...found.channelLow]).toEqual([-1, -9]);
    expect([...found.channelMean]).toEqual([1.25, -4.5]);
    expect(found.strength).toBeCloseTo(Math.sqrt(133 / 8), 6);
  });

  it('refuses batches', () => {
    expect(() => channelStatistics(float32(new Float32Array(16), [2, 2, 2, 2]))).toThrow(
      /one image/,
    );
  });
});

describe('classes', () => {
  it('softmax survives large scores and sums to one', () => {
    const probabilities = softmax([1000, 1001, 999]);
    expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(probabilities[1]! / probabilities[0]!).toBeCloseTo(Math.E, 10);
  });

  it('orders by score, then by index', () => {
    expect(topClasses([1, 3, 3, 2], 3).map(({ index }) => index)).toEqual([1, 2, 3]);
  });
});
