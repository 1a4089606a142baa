import { elementCount, LensError, type Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { buildAlexNet, buildDenseNet, buildResNet, buildVgg } from '../src/builders/index.js';
import { fillNormal } from '../src/builders/random.js';
import { describeNetwork } from '../src/index.js';
import { noise, relativeError, rms, run } from './support/run.js';

/** What torchvision counts: everything but running statistics. */
function parameters(graph: Graph): number {
  let count = 0;
  for (const [name, { shape }] of graph.initializers) {
    if (!name.includes('running')) count += elementCount(shape);
  }
  return count;
}

describe('parameter counts are those of torchvision', () => {
  const weights = 'zeros';
  it.each([
    ['AlexNet', () => buildAlexNet({ weights }), 61_100_840],
    ['VGG-11', () => buildVgg({ weights, depth: 11 }), 132_863_336],
    ['VGG-11 bn', () => buildVgg({ weights, depth: 11, batchNorm: true }), 132_868_840],
    ['VGG-16', () => buildVgg({ weights, depth: 16 }), 138_357_544],
    ['VGG-16 bn', () => buildVgg({ weights, depth: 16, batchNorm: true }), 138_365_992],
    ['VGG-19', () => buildVgg({ weights, depth: 19 }), 143_667_240],
    ['ResNet-18', () => buildResNet({ weights, depth: 18 }), 11_689_512],
    ['ResNet-34', () => buildResNet({ weights, depth: 34 }), 21_797_672],
    ['ResNet-50', () => buildResNet({ weights, depth: 50 }), 25_557_032],
    ['ResNet-101', () => buildResNet({ weights, depth: 101 }), 44_549_160],
    ['ResNet-152', () => buildResNet({ weights, depth: 152 }), 60_192_808],
    ['DenseNet-121', () => buildDenseNet({ weights, depth: 121 }), 7_978_856],
    ['DenseNet-161', () => buildDenseNet({ weights, depth: 161 }), 28_681_000],
    ['DenseNet-169', () => buildDenseNet({ weights, depth: 169 }), 14_149_480],
    ['DenseNet-201', () => buildDenseNet({ weights, depth: 201 }), 20_013_928],
  ])('%s', (_, build, expected) => {
    expect(parameters(build())).toBe(expected);
  });

  it.each([
    ['ResNet-18', () => buildResNet({ weights }), 11_689_512],
    ['DenseNet-121', () => buildDenseNet({ weights }), 7_978_856],
  ])('%s: the same when described, though batch norm is folded by then', (_, build, expected) => {
    expect(describeNetwork(build()).parameters).toBe(expected);
  });
});

describe('networks run and keep their values in bounds', () => {
  const narrow = { width: 0.125, classes: 50 };
  const cases = [
    ['AlexNet', (size: number) => buildAlexNet({ ...narrow, inputSize: size })],
    ...([11, 13, 16, 19] as const).map((depth) => [
      `VGG-${depth}`,
      (size: number) => buildVgg({ ...narrow, depth, inputSize: size }),
    ]),
    ...([18, 34, 50, 101, 152] as const).map((depth) => [
      `ResNet-${depth}`,
      (size: number) => buildResNet({ ...narrow, depth, inputSize: size }),
    ]),
    ...([121, 161, 169, 201] as const).map((depth) => [
      `DenseNet-${depth}`,
      (size: number) => buildDenseNet({ ...narrow, depth, inputSize: size }),
    ]),
  ] as [string, (size: number) => Graph][];

  it.each(cases)('%s at 224, 64 and 32 pixels', async (_, build) => {
    for (const size of [224, 64, 32]) {
      const shape = [1, 3, size, size];
      const scores = await run(build(size), 'input', noise(shape), shape);
      expect(scores).toHaveLength(50);
      expect(rms(scores)).toBeGreaterThan(0.03);
      expect(rms(scores)).toBeLessThan(8);
    }
  });

  it.each([
    ['ResNet-18', () => buildResNet()],
    ['DenseNet-121', () => buildDenseNet()],
  ])('%s in full', async (_, build) => {
    const shape = [1, 3, 224, 224];
    const scores = await run(build(), 'input', noise(shape), shape);
    expect(scores).toHaveLength(1000);
    expect(rms(scores)).toBeGreaterThan(0.5);
    expect(rms(scores)).toBeLessThan(4);
  });

  it('takes batches, other channel counts and oblong images', async () => {
    const options = { width: 0.1, inputChannels: 1, inputSize: [64, 96] as const, classes: 7 };
    for (const graph of [buildAlexNet(options), buildVgg(options), buildResNet(options)]) {
      const shape = [2, 1, 64, 96];
      expect(await run(graph, 'input', noise(shape), shape)).toHaveLength(14);
    }
  });
});

describe('folding', () => {
  it.each([
    ['VGG-11', (fold: boolean) => buildVgg({ depth: 11, batchNorm: true, width: 0.1, fold })],
    ['ResNet-50', (fold: boolean) => buildResNet({ depth: 50, width: 0.1, fold })],
    ['DenseNet-121', (fold: boolean) => buildDenseNet({ width: 0.1, fold })],
  ])('%s: computes the same with fewer nodes', async (_, build) => {
    const shape = [1, 3, 224, 224];
    const [kept, folded] = [build(false), build(true)];
    expect(folded.nodes.length).toBeLessThan(kept.nodes.length);
    const expected = await run(kept, 'input', noise(shape), shape);
    const actual = await run(folded, 'input', noise(shape), shape);
    expect(relativeError(actual, expected)).toBeLessThan(1e-4);
  });
});

describe('random weights', () => {
  it('are normal', () => {
    const data = new Float32Array(200_000);
    fillNormal(data, 3, 'any', 2, 0.5);
    const mean = data.reduce((total, value) => total + value, 0) / data.length;
    const centred = data.map((value) => value - mean);
    expect(mean).toBeCloseTo(2, 2);
    expect(rms(centred)).toBeCloseTo(0.5, 2);
    const fourth = centred.reduce((total, value) => total + value ** 4, 0) / data.length;
    expect(fourth / rms(centred) ** 4).toBeGreaterThan(2.75);
    expect(fourth / rms(centred) ** 4).toBeLessThan(3.05);
  });

  it('are the same bits everywhere', () => {
    const data = new Float32Array(4);
    fillNormal(data, 42, 'conv1.weight', 0, 1);
    const bits = [...new Uint32Array(data.buffer)].map((word) => word.toString(16));
    expect(bits).toEqual(['be739c02', 'bfa323cd', '3ed3a443', '3fcd03fe']);
  });

  it('follow the seed and the tensor, not the order', () => {
    const weight = (graph: Graph) => graph.initializers.get('conv1.weight')?.data;
    const options = { width: 0.1, inputSize: 64 };
    const first = buildResNet({ ...options, depth: 18, seed: 5 });
    expect(weight(buildResNet({ ...options, depth: 34, seed: 5 }))).toEqual(weight(first));
    expect(weight(buildResNet({ ...options, depth: 18, seed: 6 }))).not.toEqual(weight(first));
  });
});

describe('errors', () => {
  it.each([
    ['E_ARGUMENT', () => buildVgg({ depth: 17 as 16 })],
    ['E_ARGUMENT', () => buildResNet({ classes: 0 })],
    ['E_ARGUMENT', () => buildResNet({ width: -1 })],
    ['E_SHAPE', () => buildVgg({ inputSize: 16, weights: 'zeros' })],
  ])('%s', (code, build) => {
    expect(build).toThrow(LensError);
    expect(build).toThrow(expect.objectContaining({ code }));
  });
});
