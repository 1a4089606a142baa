import { describe, expect, it } from 'vitest';
import { printPatch, topClass, trainPatch, tryPatch, type PatchTask } from '../src/index.js';
import { Random } from '../src/random.js';
import { drawPlacement, footprint, lay, lift, type Placement } from '../src/patch/placement.js';
import { cifar, hasCifar, noisePictures, randomClassifier } from './support/classifiers.js';
import { numbers } from './support/run.js';

const image = [20, 24] as const;
const placement: Placement = { x: 11.3, y: 9.8, size: 9.7, turn: 0.4 };

describe.each(['round', 'square'] as const)('a %s patch', (shape) => {
  it('is laid so that its derivative is the one that is carried back', () => {
    const [side, channels] = [8, 3];
    const texels = Float64Array.from(numbers(channels * side * side, 1));
    const under = Float64Array.from(numbers(channels * image[0] * image[1], 2));
    const print = footprint(shape, side, placement, image);
    const laid = (from: Float64Array): Float64Array => {
      const out = under.slice();
      lay(print, from, out, channels);
      return out;
    };
    // A function of the pixels that is not linear: the sum of sin 3p.
    const shown = laid(texels);
    const upstream = shown.map((v) => 3 * Math.cos(3 * v));
    const gradient = new Float64Array(texels.length);
    lift(print, upstream, 1, gradient, channels);
    const h = 1e-5;
    let largest = 0;
    texels.forEach((_, k) => {
      const [ahead, behind] = [h, -h].map((by) =>
        laid(texels.map((v, i) => (i === k ? v + by : v))),
      );
      // Differences first, so that pixels that stay cancel.
      const difference = ahead!.reduce(
        (sum, v, i) => sum + (Math.sin(3 * v) - Math.sin(3 * behind![i]!)),
        0,
      );
      expect(gradient[k]).toBeCloseTo(difference / (2 * h), 8);
      largest = Math.max(largest, Math.abs(gradient[k]!));
    });
    expect(largest).toBeGreaterThan(0.5);
  });

  it('covers as much as it is large, is turned and shifted, and leaves the rest alone', () => {
    const side = 16;
    const covered = (where: Placement): Float64Array => {
      const shown = new Float64Array(image[0] * image[1]);
      lay(footprint(shape, side, where, image), new Float64Array(side * side).fill(1), shown, 1);
      return shown;
    };
    const shown = covered(placement);
    const area = shown.reduce((sum, v) => sum + v, 0);
    const expected = placement.size ** 2 * (shape === 'round' ? Math.PI / 4 : 1);
    expect(area / expected).toBeCloseTo(1, 1);
    const centre = (along: (i: number) => number): number =>
      shown.reduce((sum, v, i) => sum + v * (along(i) + 0.5), 0) / area;
    expect(centre((i) => i % image[1])).toBeCloseTo(placement.x, 1);
    expect(centre((i) => Math.floor(i / image[1]))).toBeCloseTo(placement.y, 1);
    const radius = (placement.size / 2) * (shape === 'round' ? 1 : Math.SQRT2) + 1;
    shown.forEach((v, i) => {
      const [x, y] = [(i % image[1]) + 0.5, Math.floor(i / image[1]) + 0.5];
      if (Math.hypot(x - placement.x, y - placement.y) > radius) expect(v).toBe(0);
    });
    // A quarter turn clockwise brings what is on the left of the patch to the top.
    const left = Float64Array.from({ length: side * side }, (_, i) => +(i % side < side / 2));
    const turned = new Float64Array(image[0] * image[1]);
    const quarter = { ...placement, turn: Math.PI / 2 };
    lay(footprint(shape, side, quarter, image), left, turned, 1);
    const bright = turned.reduce((sum, v, i) => sum + v * Math.floor(i / image[1]), 0);
    expect(bright / turned.reduce((sum, v) => sum + v, 0)).toBeLessThan(placement.y - 1);
  });

  it('is drawn inside the image, in all sizes and turns that are asked for', () => {
    const sizes: number[] = [];
    const turns: number[] = [];
    const random = new Random(3, 'test');
    for (let i = 0; i < 300; i++) {
      const { x, y, size, turn } = drawPlacement(
        shape,
        image,
        { scale: [0.3, 0.6], rotation: 40 },
        random,
      );
      const corners =
        shape === 'round'
          ? size / 2
          : (size / 2) * (Math.abs(Math.cos(turn)) + Math.abs(Math.sin(turn)));
      for (const [at, length] of [
        [y, image[0]],
        [x, image[1]],
      ] as const) {
        expect(at - corners).toBeGreaterThanOrEqual(-1e-9);
        expect(at + corners).toBeLessThanOrEqual(length + 1e-9);
      }
      sizes.push(size / 20);
      turns.push((turn * 180) / Math.PI);
    }
    const ends = (list: number[]): number[] => [Math.min(...list), Math.max(...list)];
    expect(ends(sizes)).toEqual([expect.closeTo(0.3, 1), expect.closeTo(0.6, 1)]);
    expect(ends(turns)).toEqual([expect.closeTo(-40, -0.5), expect.closeTo(40, -0.5)]);
  });

  it('is printed in its shape and colours, at any size', () => {
    const texels = new Float32Array(3 * 16).fill(1);
    texels.fill(0, 16);
    const { width, height, data } = printPatch({ shape, side: 4, texels }, 3, 64);
    expect([width, height]).toEqual([64, 64]);
    const at = (x: number, y: number): number[] => [...data.subarray((y * 64 + x) * 4).slice(0, 4)];
    expect(at(32, 32)).toEqual([255, 0, 0, 255]);
    expect(at(32, 1)).toEqual([255, 0, 0, 255]);
    expect(at(1, 1)[3]).toBe(shape === 'round' ? 0 : 255);
  });
});

describe('training a patch', () => {
  const classifier = randomClassifier();
  const images = noisePictures(4);
  const base: PatchTask = {
    ...{ images, labels: [0, 1, 2, 3], target: 4, seed: 1 },
    ...{ steps: 3, batch: 4, side: 6 },
  };

  it('is the same again with the same seed, stays in range, tells and stops', async () => {
    const seen: number[] = [];
    const onStep: PatchTask['onStep'] = ({ done, total, images: shown }) => {
      expect([total, shown.length]).toEqual([3, 4]);
      seen.push(done);
    };
    const [a, b, c] = [
      await trainPatch(classifier, { ...base, onStep }),
      await trainPatch(classifier, base),
      await trainPatch(classifier, { ...base, seed: 2 }),
    ];
    expect(seen).toEqual([1, 2, 3]);
    expect(a).toEqual(b);
    expect(a.texels).not.toEqual(c.texels);
    const wild = await trainPatch(classifier, { ...base, rate: 5 });
    expect([Math.min(...wild.texels), Math.max(...wild.texels)]).toEqual([0, 1]);
    const stop = new Error('stop');
    const halted = trainPatch(classifier, {
      ...base,
      onStep() {
        throw stop;
      },
    });
    await expect(halted).rejects.toBe(stop);
  });

  it.each([
    [{ target: 7 }, /class from 0 to 6, got 7/],
    [{ scale: [0.5, 0.2] }, /the least first.*got 0.5 to 0.2 and 22.5/],
    [{ scale: [0.5, 2] }, /up to 1/],
    [{ rotation: 200 }, /turns of 0 to 180/],
    [{ labels: [1] }, /got 4 and 1 classes/],
    [{ labels: [4, 4, 4, 4] }, /All pictures are of the class to reach/],
    [{ steps: 0 }, /got round, 6, 0, 4 and 0.1/],
    [{ shape: 'star' }, /round or square patch/],
  ])('refuses %j', async (change, message) => {
    await expect(trainPatch(classifier, { ...base, ...change } as PatchTask)).rejects.toThrow(
      message,
    );
  });
});

describe.runIf(hasCifar)('on CIFAR-10', () => {
  it('a patch is taken for its class on most placements it has not seen, also on other pictures; noise is not', async () => {
    const { classifier, images, labels } = cifar();
    const target = 1;
    const task = { target, seed: 5, images: images.slice(0, 12), labels: labels.slice(0, 12) };
    const objectives: number[] = [];
    const trained = await trainPatch(classifier, {
      ...task,
      onStep: ({ objective }) => void objectives.push(objective),
    });
    expect(objectives.at(-1)).toBeGreaterThan(objectives[0]!);
    const seen = await tryPatch(classifier, trained, task);
    // Those of the class itself do not count.
    const own = task.labels.filter((label) => label !== target).length;
    expect(seen.tried).toBe(10 * own);
    expect(seen.examples.length).toBe(own);
    const [first] = await classifier.logits([seen.examples[0]!.image]);
    expect(topClass(first!)).toBe(seen.examples[0]!.answer);
    const held = { target, seed: 5, images: images.slice(12), labels: labels.slice(12) };
    const unseen = await tryPatch(classifier, trained, held);
    const texels = trained.texels.map((_, i) => (numbers(1, i + 1)[0]! + 1) / 2);
    const noise = await tryPatch(classifier, { ...trained, texels }, held);
    console.info(
      `patch: ${seen.rate} of placements, ${unseen.rate} on other pictures, ${noise.rate} by noise`,
    );
    expect(seen.rate).toBeGreaterThan(0.8);
    expect(unseen.rate).toBeGreaterThan(0.5);
    expect(noise.rate).toBeLessThan(0.2);
  }, 600_000);
});
