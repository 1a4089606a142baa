import { describe, expect, it } from 'vitest';
import { attack, distance, divergence, FeatureMaps } from '../src/index.js';
import { cifar, hasCifar, noisePictures, randomNetwork } from './support/classifiers.js';
import { dot, native, numbers } from './support/run.js';

describe('where two images part', () => {
  const network = randomNetwork();
  const maps = new FeatureMaps(network, native);
  const [original, attacked] = noisePictures(2) as [Float32Array, Float32Array];

  it('is told of every layer in order, by the distance and the angle of its activations', async () => {
    const layers = await divergence(network, maps, { original, attacked, channels: 1000 });
    expect(layers.map(({ layer }) => layer)).toEqual(network.layers.map(({ id }) => id));
    // The network reads blue first, less its mean, over its deviation.
    const { mean, std } = network.preprocessing;
    const fed = [original, attacked].map((image) => ({
      dtype: 'float32' as const,
      shape: [1, 3, 32, 32],
      data: Float32Array.from(image, (_, i) => {
        const c = Math.floor(i / 1024);
        return (255 * image[(2 - c) * 1024 + (i % 1024)]! - mean[c]!) / std[c]!;
      }),
    }));
    for (const { layer, distance: apart, cosine, channels } of layers) {
      const { value, shape } = network.layers.find(({ id }) => id === layer)!;
      const [a, b] = await Promise.all(
        fed.map(async (input) => (await maps.read(input, [value])).get(value)!.data),
      );
      const length = Math.sqrt(dot(a!, a!));
      expect(apart).toBeCloseTo(distance(a!, b!) / length, 6);
      expect(cosine).toBeCloseTo(dot(a!, b!) / length / Math.sqrt(dot(b!, b!)), 6);
      const squares = channels.reduce((sum, one) => sum + one.distance ** 2, 0);
      expect(squares).toBeCloseTo(apart ** 2, 6);
      const most = channels[0]!;
      const plane = a!.length / shape[0]!;
      const own = [a!, b!].map((data) =>
        data.subarray(most.channel * plane, (most.channel + 1) * plane),
      );
      expect(most.distance).toBeCloseTo(distance(own[0]!, own[1]!) / length, 6);
      const order = channels.map((channel) => channel.distance);
      expect(order).toEqual(order.toSorted((x, y) => y - x));
    }
  });

  it('is nowhere for the same image', async () => {
    for (const layer of await divergence(network, maps, { original, attacked: original })) {
      expect(layer).toMatchObject({ distance: 0, channels: [] });
      expect(layer.cosine).toBeCloseTo(1, 12);
    }
  });

  it('of some layers costs one run an image, too', async () => {
    const layers = network.layers.slice(2, 5).map(({ id }) => id);
    const some = await divergence(network, maps, { original, attacked, layers, channels: 2 });
    const all = await divergence(network, maps, { original, attacked, channels: 2 });
    expect(some).toEqual(all.slice(2, 5));
    const wrong = { original, attacked: attacked.slice(1) };
    await expect(divergence(network, maps, wrong)).rejects.toThrow(
      /3 x 32 x 32 values, got one of 3071/,
    );
    await expect(
      divergence(network, maps, { original, attacked, layers: ['attic'] }),
    ).rejects.toThrow(/no layer "attic"/);
  });
});

describe.runIf(hasCifar)('on CIFAR-10', () => {
  it('what an attack changes grows from layer to layer, what noise changes does not', async () => {
    const { network, classifier, images: all, labels: names } = cifar();
    const [images, labels] = [all.slice(0, 6), names.slice(0, 6)];
    const maps = new FeatureMaps(network, native);
    const settings = { eps: 4 / 255 };
    const outcome = await attack(classifier, { method: 'pgd', settings, images, labels, seed: 1 });
    for (const [i, { image }] of outcome.images.entries()) {
      const original = images[i]!;
      const noise = numbers(original.length, i + 1);
      const length = distance(image, original) / Math.sqrt(dot(noise, noise));
      const noisy = original.map((v, at) => Math.min(1, Math.max(0, v + length * noise[at]!)));
      const [fooled, beside] = await Promise.all(
        [image, noisy].map((attacked) => divergence(network, maps, { original, attacked })),
      );
      const growth = (layers: typeof fooled): number =>
        layers!.at(-1)!.distance / layers![0]!.distance;
      expect(fooled!.at(-1)!.distance).toBeGreaterThan(0.5);
      expect(growth(fooled)).toBeGreaterThan(4);
      expect(growth(beside)).toBeLessThan(growth(fooled) / 4);
    }
  });
});
