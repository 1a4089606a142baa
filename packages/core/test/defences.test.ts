import { full, LATER } from '@convlens/tooling/tier.mjs';
import { describe, expect, it } from 'vitest';
import {
  attack,
  defences,
  DefendedClassifier,
  distance,
  successRate,
  topClass,
  type Defence,
} from '../src/index.js';
import { Random } from '../src/random.js';
import { cifar, hasCifar, noisePictures, randomClassifier } from './support/classifiers.js';
import { dot, numbers } from './support/run.js';

const shape = [3, 32, 32] as const;
const [picture] = noisePictures(1);
/** A smooth picture of 8 bits. */
const smooth = Float32Array.from({ length: 3 * 32 * 32 }, (_, i) => {
  const [y, x] = [Math.floor(i / 32) % 32, i % 32];
  return (
    Math.round(127.5 * (1 + 0.8 * Math.sin(y / 7) * Math.cos(x / 9 + Math.floor(i / 1024)))) / 255
  );
});
const named = (id: string): Defence => defences.find((defence) => defence.id === id)!;
const pass = (id: string, image: Float32Array, strength: number, seed = 1) =>
  named(id).pass(image, shape, strength, new Random(seed, 'test'));

describe.each(defences.map((defence) => [defence.id, defence] as const))('%s', (id, defence) => {
  const { low, high, fallback } = defence.strength;

  it('gives pictures of the same size, whatever its strength', () => {
    for (const strength of [low, fallback, high]) {
      const { image } = pass(id, picture!, strength);
      expect(image.length).toBe(picture!.length);
      expect(Math.min(...image)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...image)).toBeLessThanOrEqual(1 + 1e-6);
    }
  });

  it('takes noise away, and leaves a smooth picture nearly as it is', () => {
    // Random places make two passes differ, and few bits have a test of their own.
    if (id === 'random-resize' || id === 'bit-depth') return;
    const noisy = smooth.map((v, i) => Math.min(1, Math.max(0, v + 0.03 * numbers(1, i + 1)[0]!)));
    const before = distance(noisy, smooth);
    const clean = pass(id, smooth, fallback).image;
    const after = distance(pass(id, noisy, fallback).image, clean);
    expect(after / before).toBeLessThan(0.95);
    expect(distance(clean, smooth) / Math.sqrt(dot(smooth, smooth))).toBeLessThan(0.05);
  });

  it('carries gradients back by its adjoint where it has one', () => {
    const { image, pull } = pass(id, picture!, fallback);
    if (!pull) {
      expect(['jpeg', 'bit-depth', 'tv']).toContain(id);
      return;
    }
    const dy = numbers(image.length, 4);
    // All three are linear around a picture: <A x, dy> = <x, A' dy>.
    expect(dot(image, dy) / dot(picture!, pull(dy))).toBeCloseTo(1, 4);
  });
});

describe('what each is', () => {
  it('JPEG of quality 100 keeps all but rounding, and less quality less', () => {
    const lost = (quality: number): number => distance(pass('jpeg', smooth, quality).image, smooth);
    expect(lost(100)).toBeLessThan((1.2 / 255) * Math.sqrt(smooth.length));
    expect(lost(90)).toBeLessThan(lost(50));
    expect(lost(50)).toBeLessThan(lost(10));
    // One grey has nothing but a mean.
    const grey = new Float32Array(smooth.length).fill(128 / 255);
    expect(pass('jpeg', grey, 10).image).toEqual(grey);
  });

  it('bit depth leaves as many levels as it says, and eight bits as they are', () => {
    expect(new Set(pass('bit-depth', picture!, 3).image).size).toBe(8);
    expect(distance(pass('bit-depth', picture!, 8).image, picture!)).toBeLessThan(1e-5);
    // What is smaller than half a level vanishes altogether.
    const level = pass('bit-depth', picture!, 4).image;
    const noisy = level.map((v, i) =>
      Math.min(1, Math.max(0, v + (0.49 / 15) * numbers(1, i + 1)[0]!)),
    );
    expect(pass('bit-depth', noisy, 4).image).toEqual(level);
  });

  it('the median of a window is that of its sorted values', () => {
    const { image } = pass('median', picture!, 3);
    for (const [y, x] of [
      [5, 9],
      [30, 1],
    ] as const) {
      const near = [-1, 0, 1].flatMap((dy) =>
        [-1, 0, 1].map((dx) => picture![1024 + (y + dy) * 32 + x + dx]!),
      );
      expect(image[1024 + y * 32 + x]).toBe(near.sort((a, b) => a - b)[4]);
    }
  });

  it('total variation makes its energy least', () => {
    const weight = 0.1;
    const energy = (u: Float32Array): number => {
      let sum = 0;
      for (let i = 0; i < u.length; i++) {
        const [y, x] = [Math.floor(i / 32) % 32, i % 32];
        const gx = x < 31 ? u[i + 1]! - u[i]! : 0;
        const gy = y < 31 ? u[i + 32]! - u[i]! : 0;
        sum += (u[i]! - picture![i]!) ** 2 / 2 + weight * Math.hypot(gx, gy);
      }
      return sum;
    };
    const { image } = pass('tv', picture!, weight);
    const least = energy(image);
    expect(least).toBeLessThan(0.9 * energy(picture!));
    for (const part of [0.95, 1.05]) {
      const beside = image.map((v, i) => picture![i]! + part * (v - picture![i]!));
      expect(energy(beside)).toBeGreaterThan(least * 0.999);
    }
  });

  it('random resizing differs from seed to seed, and not for one seed', () => {
    const [a, b, c] = [1, 1, 2].map((seed) => pass('random-resize', smooth, 0.7, seed).image);
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  it('a strength out of bounds is refused', () => {
    const inside = randomClassifier();
    expect(() => new DefendedClassifier(inside, { defence: named('jpeg'), strength: 0 })).toThrow(
      /JPEG: expected quality from 1 to 100, got 0/,
    );
  });
});

describe.runIf(hasCifar)('on CIFAR-10, PGD at 8/255', () => {
  it.for(defences.map((defence) => [defence.id, defence] as const))(
    'that knows of %s succeeds at least as often as the one that does not',
    async ([, defence], { skip }) => {
      // Ten passages a step.
      skip(!full && defence.id === 'random-resize', LATER);
      const { classifier, images: all, labels: names } = cifar();
      const [images, labels] = [all.slice(0, 10), names.slice(0, 10)];
      const defended = new DefendedClassifier(classifier, { defence, seed: 5 });
      const settings = { eps: 8 / 255, steps: 10 };
      const plain = await attack(classifier, { method: 'pgd', settings, images, labels, seed: 2 });
      const answers = await defended.logits(plain.images.map(({ image }) => image));
      const clean = await defended.logits(images);
      const stopped = plain.images.map((_, i) => ({
        known: topClass(clean[i]!) === labels[i],
        fooled: topClass(answers[i]!) !== labels[i],
      }));
      const adaptive = await attack(defended, { method: 'pgd', settings, images, labels, seed: 2 });
      expect(stopped.filter(({ known }) => known).length).toBeGreaterThan(2);
      const [without, knowing] = [successRate(stopped), successRate(adaptive.images)];
      console.info(`${defence.id}: ${without} without knowing, ${knowing} knowing`);
      expect(knowing).toBeGreaterThanOrEqual(without);
      expect(knowing).toBeGreaterThanOrEqual(0.9);
    },
  );
});
