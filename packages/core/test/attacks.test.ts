import { describe, expect, it } from 'vitest';
import { readPng, writePng } from '@convlens/data/png';
import {
  attack,
  attackMethods,
  ballAround,
  crossEntropy,
  distance,
  probabilityOfOthers,
  keepingOf,
  logitsRatio,
  margin,
  perturbationSize,
  pictureOf,
  planesOf,
  robustAccuracy,
  roundToBytes,
  settingsOf,
  structuralSimilarity,
  successRate,
  topClass,
  type Settings,
} from '../src/index.js';
import { noisePictures, randomClassifier } from './support/classifiers.js';
import { dot, numbers } from './support/run.js';

const classifier = randomClassifier();
const images = noisePictures(5);
const labels = (await classifier.logits(images)).map(topClass);
const targets = labels.map((label) => (label + 1) % 7);

/** ||mine - theirs|| / ||theirs||. */
function relative(mine: ArrayLike<number>, theirs: ArrayLike<number>): number {
  return distance(mine, theirs) / Math.sqrt(dot(theirs, theirs));
}

const oneHot = (k: number): Float32Array => Float32Array.from({ length: 7 }, (_, i) => +(i === k));

describe('gradients of a classifier', () => {
  it('are derivatives by the pixels, through the preprocessing', async () => {
    const image = images[0]!;
    const [found] = await classifier.gradients([image], { kind: 'weights', weights: [oneHot(2)] });
    const { gradient } = found!;
    // Along the gradient of each colour by itself, so that a mistaken order of colours shows.
    for (let c = 0; c < 3; c++) {
      const own = gradient.map((v, i) => (Math.floor(i / 1024) === c ? v : 0));
      const length = Math.sqrt(dot(own, own));
      const h = 0.001;
      const moved = [h, -h].map((by) => image.map((v, i) => v + (by * own[i]!) / length));
      const [ahead, behind] = await classifier.logits(moved);
      const difference = (ahead![2]! - behind![2]!) / (2 * h);
      // What float32 and the kinks on so short a way leave; a deviation of the wrong colour is 17 % off.
      expect(Math.abs(difference / length - 1), `colour ${c}`).toBeLessThan(5e-3);
    }
  });

  it.each([
    ['cross-entropy', undefined, (z: Float64Array, y: number) => crossEntropy(z, y)],
    ['margin', undefined, (z: Float64Array, y: number) => margin(z, y)],
    ['dlr', undefined, (z: Float64Array, y: number) => logitsRatio(z, y)],
    ['dlr', targets, (z: Float64Array, y: number, t?: number) => logitsRatio(z, y, t)],
  ] as const)('of %s (targets %j) follow its definition', async (kind, towards, value) => {
    const what = { kind, labels, ...(towards && { targets: towards }) };
    const found = await classifier.gradients(images, what);
    for (const [i, { logits, gradient }] of found.entries()) {
      const exact = Float64Array.from(logits);
      const weights = Float32Array.from(exact, (_, k) => {
        const at = (by: number): number =>
          value(
            exact.map((v, other) => (other === k ? v + by : v)),
            labels[i]!,
            towards?.[i],
          );
        return (at(1e-6) - at(-1e-6)) / 2e-6;
      });
      const image = images[i]!;
      const [whole] = await classifier.gradients([image], { kind: 'weights', weights: [weights] });
      const scale = kind === 'cross-entropy' ? probabilityOfOthers(logits, labels[i]!) : 1;
      expect(
        relative(
          gradient.map((v) => v * scale),
          whole!.gradient,
        ),
      ).toBeLessThan(1e-5);
    }
  });

  it('are the same in a batch as alone', async () => {
    const what = { kind: 'cross-entropy', labels } as const;
    const together = await classifier.gradients(images, what);
    for (const [i, image] of images.entries()) {
      const alone = await classifier.gradients([image], { ...what, labels: [labels[i]!] });
      expect(relative(together[i]!.gradient, alone[0]!.gradient)).toBeLessThan(1e-5);
    }
  });
});

describe('losses', () => {
  it('of a network that is very sure neither vanish nor overflow', () => {
    expect(crossEntropy([60, 0, 0], 0)).toBeCloseTo(2 * Math.exp(-60), 35);
    expect(probabilityOfOthers([60, 0, 0], 0) / (2 * Math.exp(-60))).toBeCloseTo(1, 12);
    expect(crossEntropy([0, 2000, 0], 0)).toBe(2000);
    expect(crossEntropy([1, 2, 3], 1)).toBeCloseTo(Math.log(Math.exp(-1) + 1 + Math.exp(1)), 12);
  });

  it('the logits ratio does not change when logits are shifted and scaled, and is refused without its classes', async () => {
    const z = [1.5, -0.25, 4, 2, 0];
    const other = z.map((v) => 3 * v + 7);
    expect(logitsRatio(other, 2)).toBeCloseTo(logitsRatio(z, 2), 9);
    expect(logitsRatio(other, 2, 1)).toBeCloseTo(logitsRatio(z, 2, 1), 9);
    const few = randomClassifier(3);
    const ask = (target?: number): Promise<unknown> =>
      attack(few, {
        method: 'apgd',
        settings: { loss: 'dlr', steps: 2 },
        images: images.slice(0, 1),
        labels: [0],
        ...(target !== undefined && { targets: [target] }),
        seed: 1,
      });
    await expect(ask()).resolves.toBeDefined();
    await expect(ask(1)).rejects.toThrow(/needs 4 classes when a class is to be reached.*has 3/);
    await few.dispose();
  });
});

describe('balls', () => {
  it.each([8 / 255, 0.1, 1e-3, 1 / 3, 1e-9])('of radius %d are not left by a bit', (eps) => {
    for (const image of images) {
      const wild = numbers(image.length, 9).map((v, i) => image[i]! + 3 * eps * v);
      const inside = ballAround('linf', image, eps).project(wild.slice());
      inside.forEach((v, i) => {
        if (Math.abs(v - image[i]!) > eps || v < 0 || v > 1) throw new Error(`${v} at ${i}`);
      });
      for (const length of [eps, 20 * eps]) {
        const round = ballAround('l2', image, length).project(wild.slice());
        expect(distance(round, image)).toBeLessThanOrEqual(length);
        expect(Math.min(...round)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...round)).toBeLessThanOrEqual(1);
      }
    }
  });

  it('leave alone what is inside', () => {
    const image = images[0]!;
    const near = image.map((v) => Math.min(1, v + 0.01));
    expect(ballAround('linf', image, 0.02).project(near.slice())).toEqual(near);
    expect(ballAround('l2', image, 2).project(near.slice())).toEqual(near);
  });
});

/** Settings that let each attack run for a moment, in both norms where it has them. */
const brief: readonly (readonly [string, Settings])[] = [
  ['fgsm', {}],
  ['fgsm', { norm: 'l2' }],
  ['bim', { steps: 4 }],
  ['pgd', { steps: 4, restarts: 2 }],
  ['pgd', { steps: 4, norm: 'l2', loss: 'margin' }],
  ['mi-fgsm', { steps: 4 }],
  ['deepfool', { steps: 3 }],
  ['cw', { steps: 8, searches: 2 }],
  ['jsma', { gamma: 0.002 }],
  ['apgd', { steps: 8, loss: 'dlr' }],
  ['apgd', { steps: 8, norm: 'l2' }],
  ['one-pixel', { population: 6, generations: 2 }],
  ['square', { queries: 12 }],
];

describe.each(brief)('%s %j', (method, settings) => {
  const known = attackMethods.find(({ id }) => id === method)!;

  it.each([8 / 255, 0.013])(
    'stays in box and ball of radius %d, also as a picture of 8 bits',
    async (eps) => {
      const bounded = known.keeps === 'ball';
      const task = { images, labels, seed: 3 };
      const outcome = await attack(classifier, {
        ...task,
        method,
        settings: { ...settings, ...(bounded && { eps }) },
      });
      const found = outcome.images.map(({ image }) => image);
      const keeping = keepingOf(method, outcome.settings);
      const rounded = await roundToBytes(classifier, task, found, keeping);
      found.forEach((image, i) => {
        const own = images[i]!;
        const size = perturbationSize(own, image, classifier.shape);
        expect(Math.min(...image)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...image)).toBeLessThanOrEqual(1);
        const { image: bytes } = rounded[i]!;
        // What a file gives back is what was measured.
        const file = writePng(pictureOf(bytes, classifier.shape));
        expect(planesOf(readPng(file), 3)).toEqual(bytes);
        if (!bounded) return;
        const norm = settings.norm === 'l2' ? 'l2' : 'linf';
        expect(size[norm]).toBeLessThanOrEqual(eps);
        const levels = Array.from(
          bytes,
          (v, at) => Math.round(255 * v) - Math.round(255 * own[at]!),
        );
        const length = norm === 'l2' ? Math.hypot(...levels) : Math.max(...levels.map(Math.abs));
        expect(length).toBeLessThanOrEqual(255 * eps * (1 + 1e-12));
      });
    },
  );

  it('is the same again with the same seed, whatever is attacked beside it', async () => {
    const run = (count: number): ReturnType<typeof attack> =>
      attack(classifier, {
        method,
        settings,
        images: images.slice(0, count),
        labels: labels.slice(0, count),
        seed: 11,
      });
    const [some, same, fewer] = [await run(4), await run(4), await run(2)];
    some.images.forEach(({ image }, i) => expect(image).toEqual(same.images[i]!.image));
    expect(some.queries).toEqual(same.queries);
    fewer.images.forEach(({ image }, i) => {
      // Sums in a batch of another size round otherwise, which may turn the sign of a gradient of nearly zero.
      const other = some.images[i]!.image;
      const apart = image.filter((v, at) => Math.abs(v - other[at]!) > 1e-4).length;
      expect(apart / image.length).toBeLessThan(0.01);
    });
  });

  it('stops when it is told to', async () => {
    let steps = 0;
    const stop = new Error('stop');
    const run = attack(classifier, {
      method,
      settings,
      images,
      labels,
      seed: 1,
      onStep() {
        steps++;
        throw stop;
      },
    });
    await expect(run).rejects.toBe(stop);
    expect(steps).toBe(1);
  });

  it.runIf(known.keeps === 'ball')('changes nothing with epsilon 0', async () => {
    const none = { ...settings, eps: 0 };
    const found = await attack(classifier, { method, settings: none, images, labels, seed: 1 });
    found.images.forEach(({ image, fooled }, i) => {
      expect(image).toEqual(images[i]);
      expect(fooled).toBe(false);
    });
  });
});

describe('what is asked for is checked', () => {
  const ask = (change: object): Promise<unknown> =>
    attack(classifier, { method: 'pgd', images, labels, seed: 0, ...change });
  it.each([
    [{ method: 'magic' }, /one of the attacks fgsm, bim/],
    [{ settings: { epsilon: 1 } }, /PGD has no parameter "epsilon". It takes norm, eps/],
    [{ settings: { eps: -1 } }, /expected eps to be a number from 0/],
    [{ settings: { steps: 1.5 } }, /whole number/],
    [{ settings: { norm: 'l1' } }, /linf or l2, got "l1"/],
    [{ labels: [1] }, /a class for each of 5 images, got 1/],
    [{ labels: [0, 1, 2, 3, 7] }, /classes from 0 to 6, got 7/],
    [{ images: [new Float32Array(3)] }, /3 x 32 x 32 values/],
    [{ images: images.map((image) => image.map((v) => v + 1)) }, /outside/],
    [{ method: 'deepfool', targets }, /cannot be led/],
  ])('%j', async (change, message) => {
    await expect(ask(change)).rejects.toThrow(message);
  });

  it('and defaults follow each other', () => {
    const pgd = attackMethods.find(({ id }) => id === 'pgd')!;
    expect(settingsOf(pgd)).toMatchObject({ norm: 'linf', eps: 8 / 255, alpha: 2 / 255 });
    expect(settingsOf(pgd, { norm: 'l2' })).toMatchObject({ eps: 1, alpha: 0.2 });
    expect(settingsOf(pgd, { eps: 0.4 })).toMatchObject({ alpha: 0.1 });
  });
});

describe('success', () => {
  it('counts only images that were known before', async () => {
    const wrong = [targets[0]!, ...labels.slice(1)];
    const found = await attack(classifier, {
      method: 'pgd',
      settings: { eps: 0.2 },
      images,
      labels: wrong,
      seed: 1,
    });
    expect(found.images.map(({ known }) => known)).toEqual([false, true, true, true, true]);
    const fooled = found.images.slice(1).filter((image) => image.fooled).length;
    expect(successRate(found.images)).toBe(fooled / 4);
    expect(robustAccuracy(found.images)).toBe((4 - fooled) / 5);
  });
});

describe('measures', () => {
  it('count what changed', () => {
    const original = new Float32Array(3 * 4 * 4).fill(0.5);
    const attacked = original.slice();
    attacked[5] = 0.75;
    attacked[16 + 5] = 0.25;
    attacked[2] = 1;
    const size = perturbationSize(original, attacked, [3, 4, 4]);
    expect(size).toEqual({
      l0: 3,
      pixels: 2,
      l1: 1,
      l2: Math.sqrt(0.375),
      linf: 0.5,
      ssim: undefined,
    });
  });

  it('structural similarity is that of its definition, window by window', () => {
    const [a, b] = [images[0]!.subarray(0, 12 * 13), images[1]!.subarray(0, 12 * 13)];
    const weight = (y: number, x: number): number =>
      Math.exp(-((y - 5) ** 2 + (x - 5) ** 2) / (2 * 1.5 ** 2));
    let total = 0;
    for (const top of [0, 1]) {
      for (const left of [0, 1, 2]) {
        const places = Array.from({ length: 121 }, (_, i) => [Math.floor(i / 11), i % 11] as const);
        const sum = places.reduce((s, [y, x]) => s + weight(y, x), 0);
        const mean = (f: (at: number) => number): number =>
          places.reduce((s, [y, x]) => s + weight(y, x) * f((top + y) * 13 + left + x), 0) / sum;
        const [ma, mb] = [mean((i) => a[i]!), mean((i) => b[i]!)];
        const va = mean((i) => (a[i]! - ma) ** 2);
        const vb = mean((i) => (b[i]! - mb) ** 2);
        const both = mean((i) => (a[i]! - ma) * (b[i]! - mb));
        const [c1, c2] = [1e-4, 9e-4];
        total +=
          ((2 * ma * mb + c1) * (2 * both + c2)) / ((ma ** 2 + mb ** 2 + c1) * (va + vb + c2));
      }
    }
    expect(structuralSimilarity(a, b, [1, 12, 13])).toBeCloseTo(total / 6, 10);
    expect(structuralSimilarity(a, a, [1, 12, 13])).toBeCloseTo(1, 12);
  });
});
