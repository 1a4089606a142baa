import { describe, expect, it } from 'vitest';
import { float32, type TensorData } from '@convlens/onnx';
import { emptyRanking, rankImage, strongestPlaces, type StrongPlace } from '../src/index.js';

/** Numbers in [0, 1) from a seed (a linear congruential generator is random enough to rank). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}

const SHAPE = [5, 4, 6] as const;

/** Activations of several images with few different values, so that there are ties everywhere. */
function activations(count: number, seed: number, levels: number): TensorData<'float32'>[] {
  const next = numbers(seed);
  return Array.from({ length: count }, () =>
    float32(
      Float32Array.from({ length: 5 * 4 * 6 }, () => Math.floor(next() * levels) - levels / 4),
      [...SHAPE],
    ),
  );
}

/** All places of all images in one list, sorted; the best place of every image kept. */
function bruteForce(
  images: readonly TensorData<'float32'>[],
  channel: number,
  count: number,
): StrongPlace[] {
  const all: StrongPlace[] = [];
  images.forEach(({ data }, image) => {
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 6; column++) {
        all.push({ image, value: data[(channel * 4 + row) * 6 + column]!, row, column });
      }
    }
  });
  all.sort(
    (a, b) => b.value - a.value || a.image - b.image || a.row - b.row || a.column - b.column,
  );
  const seen = new Set<number>();
  return all
    .filter(({ image, value }) => value > 0 && !seen.has(image) && seen.add(image))
    .slice(0, count);
}

const channels = [0, 1, 2, 3, 4];

describe('ranking the strongest answers', () => {
  it.each([
    [40, 1000],
    [40, 6],
    [40, 2],
    [4, 100],
  ])('%i images with %i different values: as sorting everything', (count, levels) => {
    const images = activations(count, count + levels, levels);
    const ranking = emptyRanking(SHAPE);
    images.forEach((activation, image) => rankImage(ranking, image, activation));
    for (const channel of channels) {
      expect(strongestPlaces(ranking, channel)).toEqual(bruteForce(images, channel, 9));
    }
  });

  it('does not depend on the order of the images, nor on one coming twice', () => {
    const images = activations(30, 3, 5);
    const forwards = emptyRanking(SHAPE);
    images.forEach((activation, image) => rankImage(forwards, image, activation));
    const otherwise = emptyRanking(SHAPE);
    for (const image of [...images.keys()].reverse()) rankImage(otherwise, image, images[image]!);
    for (const image of [7, 0, 29]) rankImage(otherwise, image, images[image]!);
    expect(otherwise).toEqual(forwards);
  });

  it('goes on from a copy as if it had never stopped', () => {
    const images = activations(30, 9, 7);
    const whole = emptyRanking(SHAPE);
    images.forEach((activation, image) => rankImage(whole, image, activation));
    let parts = emptyRanking(SHAPE);
    images.forEach((activation, image) => {
      if (image % 7 === 0) parts = structuredClone(parts);
      rankImage(parts, image, activation);
    });
    expect(parts).toEqual(whole);
  });

  it('leaves out images that a channel does not answer to, and what is not a number', () => {
    const ranking = emptyRanking([2, 1, 2], 3);
    rankImage(ranking, 0, float32(Float32Array.of(0, -1, NaN, NaN), [1, 2, 1, 2]));
    rankImage(ranking, 1, float32(Float32Array.of(-1, 2, NaN, 3), [1, 2, 1, 2]));
    expect(strongestPlaces(ranking, 0)).toEqual([{ image: 1, value: 2, row: 0, column: 1 }]);
    expect(strongestPlaces(ranking, 1)).toEqual([{ image: 1, value: 3, row: 0, column: 1 }]);
    expect(strongestPlaces(ranking, 2)).toEqual([]);
  });

  it('ranks the units of a dense layer', () => {
    const ranking = emptyRanking([3], 2);
    rankImage(ranking, 0, float32(Float32Array.of(1, 5, 0), [1, 3]));
    rankImage(ranking, 1, float32(Float32Array.of(4, 2, 0), [1, 3]));
    rankImage(ranking, 2, float32(Float32Array.of(3, 9, 0), [1, 3]));
    const images = [0, 1, 2].map((unit) =>
      strongestPlaces(ranking, unit).map(({ image }) => image),
    );
    expect(images).toEqual([[1, 2], [2, 0], []]);
  });

  it('holds as much after ten thousand images as after none', () => {
    const ranking = emptyRanking(SHAPE);
    const bytes = JSON.stringify(
      Object.values(ranking).map((part) => (part as Int32Array).byteLength),
    );
    const [activation] = activations(1, 1, 50);
    for (let image = 0; image < 10_000; image++) rankImage(ranking, image, activation!);
    expect(
      JSON.stringify(Object.values(ranking).map((part) => (part as Int32Array).byteLength)),
    ).toBe(bytes);
    expect(strongestPlaces(ranking, 0).map(({ image }) => image)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8,
    ]);
  });

  it('refuses the activation of another layer', () => {
    const ranking = emptyRanking(SHAPE);
    expect(() => rankImage(ranking, 0, float32(new Float32Array(4), [4, 1, 1]))).toThrow(
      /5 channels, 6 wide, got shape \[4, 1, 1\]/,
    );
  });
});
