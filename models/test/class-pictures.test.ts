import { describe, expect, it } from 'vitest';
import { classGoal, Goals, presets, visualizeRecipe } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { LATER } from '@convlens/tooling/tier.mjs';
import {
  contactSheet,
  embedded,
  executor,
  follow,
  hasReal,
  isPictured,
  openEmbedded,
  openReal,
  probabilities,
  shuffled,
} from './support/pictures.js';

/** Least probability of a picture's class. The adversarially trained network is never as sure. */
const SURE = 0.9;
const SURE_ROBUST = 0.6;
const classes = shuffled(100, 7).slice(0, 10);
const rows: Pixels[][] = [];

describe('ten class pictures of the default preset', () => {
  it.for(embedded)(
    '%s sees its class in them, also under views that they were not made for',
    async (id, { skip }) => {
      skip(!isPictured(id), LATER);
      const network = openEmbedded(id);
      const goals = new Goals(network, executor);
      const [preset] = presets(network);
      expect(preset!.settings.steps).toBe(256);
      const wanted = classes.map((index) => classGoal(index));
      const { pictures } = await follow(goals, visualizeRecipe(id, wanted, preset!));
      rows.push(pictures);
      contactSheet('class-pictures', rows);
      const sure = id === 'resnet18-robust' ? SURE_ROBUST : SURE;
      const report: string[] = [];
      let plain = 0;
      let fresh = 0;
      for (const [i, index] of classes.entries()) {
        const [own = 0] = await probabilities(goals, pictures[i]!, index);
        const views = await probabilities(goals, pictures[i]!, index, preset!.settings.transforms);
        const seen = views.filter((p) => p >= sure).length;
        if (own >= sure) plain++;
        fresh += seen;
        report.push(`${network.classes![index]} ${own.toFixed(3)}, ${seen} of 10 views`);
      }
      await goals.dispose();
      console.log(`${id}: ${report.join('; ')}`);
      expect(plain).toBeGreaterThanOrEqual(9);
      // Of ten views of each of ten pictures.
      expect(fresh).toBeGreaterThanOrEqual(80);
    },
  );
});

describe.runIf(hasReal)('two class pictures of networks trained on ImageNet', () => {
  const large: Pixels[][] = [];

  it.for([
    ['googlenet', [1, 340]],
    ['squeezenet1_1', [1, 340]],
  ] as const)('%s', { timeout: 400_000 }, async ([id, wanted], { skip }) => {
    skip(!isPictured(id), LATER);
    const network = openReal(id);
    const goals = new Goals(network, executor);
    const [preset] = presets(network);
    const recipe = visualizeRecipe(
      id,
      wanted.map((index) => classGoal(index)),
      preset!,
    );
    const { pictures } = await follow(goals, recipe);
    large.push(pictures);
    contactSheet('imagenet-class-pictures', large, 1);
    for (const [i, index] of wanted.entries()) {
      const [own = 0] = await probabilities(goals, pictures[i]!, index);
      console.log(`${id}: ${network.classes![index]} ${own.toFixed(3)}`);
      expect(own).toBeGreaterThanOrEqual(SURE);
    }
    await goals.dispose();
  });
});
describe.runIf(!hasReal)('class pictures of networks trained on ImageNet', () => {
  it.skip('are not made: no ../shared/real beside the project', () => undefined);
});
