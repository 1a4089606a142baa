import { describe, expect, it } from 'vitest';
import { attack, decisionPlane, distance } from '../src/index.js';
import { byMean, cifar, hasCifar } from './support/classifiers.js';
import { dot } from './support/run.js';

describe('the decision plane', () => {
  // Says 1 where the mean is above one half.
  const classifier = byMean(8, [0, 1], [0.5, 0]);
  const original = new Float32Array(64).fill(0.48);
  const attacked = new Float32Array(64).fill(0.52);
  const task = { original, attacked, seed: 2 };

  it('has both images at their places, the border between them, and a random way that is none', async () => {
    const plane = await decisionPlane(classifier, task);
    const { side, classes, leads, along, across, direction } = plane;
    expect(side).toBe(31);
    expect([along[0], along[10], along[20], along[30]]).toEqual([-1, 0, 1, 2].map(near));
    expect([across[0], across[15], across[30]]).toEqual([-1.5, 0, 1.5].map(near));
    const way = attacked.map((v, i) => v - original[i]!);
    expect(plane.distance).toBeCloseTo(distance(attacked, original), 12);
    expect(Math.sqrt(dot(direction, direction))).toBeCloseTo(plane.distance, 6);
    expect(Math.abs(dot(direction, way))).toBeLessThan(1e-6 * plane.distance ** 2);
    // The random direction does not change the mean: only what is along the attack counts.
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const mean = 0.48 + 0.04 * along[column]!;
        expect(leads[row * side + column]).toBeCloseTo(Math.abs(mean - 0.5), 5);
        // On the border itself rounding decides.
        if (column !== 15) expect(classes[row * side + column]).toBe(mean > 0.5 ? 1 : 0);
      }
    }
  });

  it('is clipped to the box, runs in batches, tells and stops', async () => {
    let widest = 0;
    const watched = {
      ...classifier,
      logits(images: readonly Float32Array[]) {
        widest = Math.max(widest, images.length);
        for (const image of images) {
          if (!image.every((v) => v >= 0 && v <= 1)) throw new Error('outside');
        }
        return classifier.logits(images);
      },
    };
    const seen: number[] = [];
    await decisionPlane(watched, {
      ...{ ...task, attacked: new Float32Array(64).fill(1), side: 5, span: 9 },
      onProgress: ({ done, total }) => void seen.push(done / total),
    });
    expect(widest).toBe(8);
    expect(seen).toEqual([8, 16, 24, 25].map((done) => done / 25));
    const stop = new Error('stop');
    const onProgress = (): never => {
      throw stop;
    };
    await expect(decisionPlane(classifier, { ...task, onProgress })).rejects.toBe(stop);
  });

  it('is the same again with the same seed, and another with another', async () => {
    const [a, b, c] = await Promise.all(
      [2, 2, 3].map(async (seed) => decisionPlane(classifier, { ...task, seed, side: 3 })),
    );
    expect(a).toEqual(b);
    expect(a!.direction).not.toEqual(c!.direction);
  });

  it.each([
    [{ attacked: original }, /two different images of 1 x 8 x 8 values, got the same twice/],
    [{ attacked: attacked.subarray(0, 8) }, /64 and 8 values/],
    [{ side: 1 }, /at least 2 places/],
  ])('refuses %j', async (change, message) => {
    await expect(decisionPlane(classifier, { ...task, ...change })).rejects.toThrow(message);
  });
});

describe.runIf(hasCifar)('on CIFAR-10', () => {
  it('an attack crosses a border where a random direction of the same length crosses none', async () => {
    const { classifier, images: all, labels: names } = cifar();
    const [images, labels] = [all.slice(0, 6), names.slice(0, 6)];
    const settings = { eps: 4 / 255 };
    const outcome = await attack(classifier, { method: 'pgd', settings, images, labels, seed: 1 });
    for (const [i, { image }] of outcome.images.entries()) {
      const task = { original: images[i]!, attacked: image, side: 7, seed: i };
      const { classes, side } = await decisionPlane(classifier, task);
      const at = (row: number, column: number): number => classes[row * side + column]!;
      // Steps of one half: the original is in column 2, the attacked image in column 4, both in row 3.
      expect(at(3, 4)).not.toBe(labels[i]);
      for (let row = 1; row <= 5; row++) expect(at(row, 2), `image ${i}`).toBe(labels[i]);
    }
  });
});

/** A number up to rounding. */
function near(value: number): number {
  return expect.closeTo(value, 12) as number;
}
