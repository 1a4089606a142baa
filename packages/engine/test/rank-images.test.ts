import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { strongestPlaces, type Ranking } from '@convlens/core';
import { renderSample, sampleScenes } from '@convlens/data/samples';
import { createNodeEngine, type RankingRequest } from '../src/node/index.js';

const url = fileURLToPath(new URL('../../../models/alexnet.onnx', import.meta.url));
const LAYER = 'relu3';
const images = sampleScenes.map(({ id }, index) => ({ index, pixels: renderSample(id, 64) }));

type Images = RankingRequest['images'];

async function open() {
  const engine = createNodeEngine();
  const network = await engine.openNetwork({ id: 'net', url });
  const request = (part: Images, ranking?: Ranking): RankingRequest => ({
    network: network.id,
    layer: LAYER,
    images: part,
    ...(ranking && { ranking }),
  });
  const rank = async (part: Images, ranking?: Ranking): Promise<Ranking> =>
    (await engine.run('rankImages', request(part, ranking))).ranking;
  return { engine, network, request, rank };
}

describe('ranking images of a set', () => {
  it('finds the values and places that the feature maps have', async () => {
    const { engine, network, rank } = await open();
    const ranking = await rank(images);
    const all: { image: number; channel: number; value: number; place: number }[] = [];
    for (const { index, pixels } of images) {
      const image = await engine.openImage({ pixels });
      const request = { network: network.id, image: image.id, layers: [LAYER] };
      const { layers } = await engine.run('activations', request);
      image[Symbol.dispose]();
      const { channelHigh, peak } = layers[0]!.statistics;
      channelHigh.forEach((value, channel) =>
        all.push({ image: index, channel, value, place: peak[channel]! }),
      );
    }
    for (let channel = 0; channel < 144; channel++) {
      const expected = all
        .filter((one) => one.channel === channel && one.value > 0)
        .sort((a, b) => b.value - a.value)
        .slice(0, 9);
      const found = strongestPlaces(ranking, channel);
      expect(found.map(({ image }) => image)).toEqual(expected.map(({ image }) => image));
      found.forEach(({ value, row, column }, i) => {
        // The graph is cut at the layer here and is not there, so the runtime may fuse differently.
        expect(value).toBeCloseTo(expected[i]!.value, 4);
        expect(row * 7 + column).toBe(expected[i]!.place);
      });
    }
  });

  it('cancelled and gone on with, it is what one uninterrupted run is', async () => {
    const { engine, request, rank } = await open();
    const whole = await rank(images);
    const first = await rank(images.slice(0, 4));
    const kept = structuredClone(first);
    const controller = new AbortController();
    const cancelled = engine.run('rankImages', request(images.slice(4), first), {
      signal: controller.signal,
      onProgress: ({ loaded }) => {
        if (loaded === 3) controller.abort();
      },
    });
    await expect(cancelled).rejects.toMatchObject({ code: 'E_ABORTED' });
    // What the cancelled call had ranked is lost; what was known before is untouched.
    expect(first).toEqual(kept);
    expect(await rank(images.slice(4), first)).toEqual(whole);
  });

  it('names images that cannot be read and ranks the others', async () => {
    const { engine, request, rank } = await open();
    // In Node an image is given as pixels: a file is one that cannot be read.
    const broken = { index: 3, blob: new Blob(['no picture']) };
    const mixed = images.map((image) => (image.index === 3 ? broken : image));
    const { ranking, unreadable } = await engine.run('rankImages', request(mixed));
    expect(unreadable).toEqual([{ index: 3, message: 'In Node an image is given as pixels.' }]);
    expect(ranking).toEqual(await rank(images.filter(({ index }) => index !== 3)));
  });

  it('says how far it is, image by image', async () => {
    const steps: unknown[] = [];
    const { engine, request } = await open();
    await engine.run('rankImages', request(images.slice(0, 3)), {
      onProgress: ({ stage, loaded, total }) => {
        if (stage === 'run') steps.push([loaded, total]);
      },
    });
    expect(steps).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });
});
