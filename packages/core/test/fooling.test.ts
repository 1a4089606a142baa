import { describe, expect, it } from 'vitest';
import {
  attack,
  foolByEvolution,
  foolByGradient,
  softmax,
  topClass,
  universalPerturbation,
} from '../src/index.js';
import { full, LATER } from '@convlens/tooling/tier.mjs';
import { cifar, hasCifar, randomClassifier } from './support/classifiers.js';

describe.runIf(hasCifar)('fooling images on CIFAR-10', () => {
  const { classifier, images, labels } = hasCifar ? cifar() : ({} as ReturnType<typeof cifar>);

  it.for([
    ['gradient', foolByGradient, 200],
    // It ends when it is there: mostly within 50 generations, for deer within about 1100. Rounding differs from processor to
    // processor, and evolution amplifies it, so the number cannot be foreseen.
    ['evolution', foolByEvolution, 4000],
  ] as const)(
    'by %s reach 99.6 % for every class',
    { timeout: 600_000 },
    async ([kind, search, steps], { skip }) => {
      skip(!full && kind === 'evolution', LATER);
      for (let target = 0; target < 10; target++) {
        const seen: number[] = [];
        const found = await search(classifier, {
          target,
          steps,
          seed: 4,
          onStep: ({ objective }) => void seen.push(objective![0]!),
        });
        expect(found.reached, `class ${target} after ${found.steps}`).toBe(true);
        expect(Math.min(...found.image)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...found.image)).toBeLessThanOrEqual(1);
        const [logits] = await classifier.logits([found.image]);
        expect(topClass(logits!)).toBe(target);
        expect(softmax(logits!)[target]).toBeGreaterThanOrEqual(0.995);
        expect(found.probability).toBeCloseTo(softmax(logits!)[target]!, 4);
        expect(seen.at(-1)).toBeGreaterThan(seen[0]! - 1e-9);
      }
    },
  );

  it('one perturbation fools it on most images, and noise of the same size does not', async ({
    skip,
  }) => {
    skip(!full, LATER);
    const eps = 16 / 255;
    const task = { images, labels, norm: 'linf', eps, rate: 0.7, seed: 1 } as const;
    const { perturbation, success } = await universalPerturbation(classifier, task);
    expect(success).toBeGreaterThanOrEqual(0.7);
    expect(Math.max(...perturbation.map(Math.abs))).toBeLessThanOrEqual(eps * (1 + 1e-6));
    const moved = images.map((image) =>
      image.map((v, i) => Math.min(1, Math.max(0, v + perturbation[i]!))),
    );
    const answers = (await classifier.logits(moved)).map(topClass);
    const fooled = answers.filter((answer, i) => answer !== labels[i]).length;
    expect(fooled / images.length).toBe(success);
    const noise = await attack(classifier, {
      method: 'pgd',
      settings: { eps, alpha: 0, steps: 1 },
      images,
      labels,
      seed: 1,
    });
    const byNoise = noise.images.filter((image) => image.fooled).length / images.length;
    expect(success).toBeGreaterThan(byNoise + 0.2);
  });
});

it('what is looked for is checked', async () => {
  const classifier = randomClassifier();
  const task = { target: 7, steps: 1, seed: 0 };
  await expect(foolByGradient(classifier, task)).rejects.toThrow(/class from 0 to 6, got 7/);
  await expect(foolByEvolution(classifier, { ...task, target: 1, confidence: 1 })).rejects.toThrow(
    /between 0 and 1, got 1/,
  );
});
