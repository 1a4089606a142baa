import { describe, expect, it } from 'vitest';
import { describeNetwork } from '@convlens/adapters';
import { buildVgg } from '@convlens/adapters/builders';
import type { Pixels } from '@convlens/data';
import {
  dreamRecipe,
  Goals,
  invertRecipe,
  presets,
  reconstructRecipe,
  startRun,
  visualizeRecipe,
  type Recipe,
  type RecipeImages,
} from '../src/index.js';
import { native, numbers } from './support/run.js';

const network = describeNetwork(
  buildVgg({ depth: 11, width: 0.0625, inputSize: 32, classes: 10, batch: 'N' }),
);
const goals = new Goals(network, native);
const layer = network.layers.filter(({ op }) => op === 'Relu')[1]!.id;

function photo(width: number, height: number, seed: number): Pixels {
  const noise = numbers(width * height * 4, seed);
  const data = Uint8Array.from(noise, (v, i) => (i % 4 === 3 ? 255 : 128 + 127 * v));
  return { width, height, data };
}

const images: RecipeImages = { image: photo(60, 45, 1), guide: photo(40, 50, 2) };
const [natural, , maco] = presets(network);
const yosinski = presets(network).find(({ id }) => id === 'yosinski-4')!;
const channels = [0, 1].map((channel) => [{ kind: 'channel', layer, channel } as const]);
const inversion = invertRecipe('vgg', network, layer, 'photo');
const dream = { ...dreamRecipe('vgg', [{ kind: 'layer', layer }], 'photo'), octaves: 2, steps: 3 };

const recipes: [string, Recipe][] = [
  ['visualisation', visualizeRecipe('vgg', channels, natural!)],
  ['visualisation with phases and several views', visualizeRecipe('vgg', channels, maco!)],
  ['visualisation with corrections', visualizeRecipe('vgg', channels, yosinski)],
  [
    'visualisation from an image',
    { ...visualizeRecipe('vgg', channels, natural!), start: 'image', image: 'photo' },
  ],
  [
    'inversion through the parts of a schedule',
    {
      ...inversion,
      schedule: [
        { steps: 3, factor: 1 },
        { steps: 9, factor: 0.1 },
      ],
    },
  ],
  [
    'inversion with momentum',
    { ...inversion, optimiser: { kind: 'momentum', rate: 10, momentum: 0.9 } },
  ],
  ['reconstruction', reconstructRecipe('vgg', 4, 3)],
  ['dream', dream],
  ['guided dream', { ...dream, goals: [[{ kind: 'guide', layer }]], guide: 'other' }],
];

describe.each(recipes)('a %s', (_, recipe) => {
  it.each([1, 3, 4])(
    'that goes on from a copy of step %i is the one that was not stopped',
    async (stop) => {
      const whole = startRun(goals, recipe, images);
      const curve: number[] = [];
      for (let i = 0; i < 6; i++) curve.push((await whole.step()).totals[0]!);
      const begun = startRun(goals, recipe, images);
      for (let i = 0; i < stop; i++) await begun.step();
      const kept = structuredClone(begun.state);
      // What is done to the first run does not reach the copy.
      await begun.step();
      const rest = startRun(goals, recipe, images, kept);
      expect(rest.done).toBe(stop);
      for (let i = stop; i < 6; i++) expect((await rest.step()).totals[0]).toBe(curve[i]);
      expect(rest.pictures()).toEqual(whole.pictures());
      expect(rest.done).toBe(6);
      // Nor does the run that goes on change what was kept.
      const again = startRun(goals, recipe, images, kept);
      for (let i = stop; i < 6; i++) await again.step();
      expect(again.pictures()).toEqual(whole.pictures());
    },
  );

  it('has pictures of the size that the recipe says', () => {
    const run = startRun(goals, recipe, images);
    const [first] = run.pictures();
    if (recipe.technique === 'dream') {
      expect(run.total).toBe(recipe.steps * 2);
      expect([first!.width, first!.height]).toEqual([43, 32]);
    } else {
      expect(run.total).toBe(recipe.steps);
      expect(run.pictures().length).toBe(recipe.pictures ?? recipe.goals.length);
      expect([first!.width, first!.height]).toEqual([32, 32]);
    }
  });
});

describe('starts', () => {
  const recipe = visualizeRecipe('vgg', channels, natural!);
  const first = (start: 'noise' | 'grey' | 'image', seed = 1): Pixels =>
    startRun(goals, { ...recipe, parametrisation: 'pixels', start, seed }, images).pictures()[0]!;

  it('from grey are grey, from an image are it, from noise depend on the seed', () => {
    const colours = first('grey').data.filter((_, i) => i % 4 !== 3);
    expect(colours.every((value) => value === 127 || value === 128)).toBe(true);
    expect(first('noise', 1).data).not.toEqual(first('noise', 2).data);
    expect(first('noise', 1)).toEqual(first('noise', 1));
    expect(first('image').data).not.toEqual(first('grey').data);
  });

  it('shrink an image that dreams to the size that is asked for', () => {
    const [small] = startRun(goals, { ...dream, octaves: 1, size: 20 }, images).pictures();
    expect([small!.width, small!.height]).toEqual([20, 15]);
  });
});

describe('refuses', () => {
  const visualisation = visualizeRecipe('vgg', channels, natural!);

  it('a state of another technique, of another number of pictures, of another image', async () => {
    const state = startRun(goals, visualisation, images).state;
    expect(() => startRun(goals, dream, images, state)).toThrow(/another technique/);
    expect(() => startRun(goals, { ...visualisation, pictures: 3 }, images, state)).toThrow(
      /3 pictures/,
    );
    expect(() =>
      startRun(goals, { ...visualisation, parametrisation: 'pixels' }, images, state),
    ).toThrow(/another run/);
    const dreaming = startRun(goals, dream, images);
    await dreaming.step();
    const other = { image: photo(61, 45, 1) };
    expect(() => startRun(goals, dream, other, dreaming.state)).toThrow(/another image/);
    expect(() => startRun(goals, visualisation, images, dreaming.state)).toThrow(/another techni/);
  });

  it.each<[string, Recipe, RecipeImages, RegExp]>([
    ['no image to rebuild', inversion, {}, /needs an image to rebuild/],
    ['no image to start from', { ...visualisation, start: 'image' }, {}, /image to start from/],
    ['no image that dreams', dream, { guide: images.guide! }, /needs an image that dreams/],
    [
      'no image to be guided by',
      { ...dream, goals: [[{ kind: 'guide', layer }]] },
      { image: images.image! },
      /needs an image to be guided by/,
    ],
    ['an image of one pixel', inversion, { image: photo(1, 1, 1) }, /at least 2 x 2.*got 1 x 1/],
    ['an image of one row', dream, { image: photo(50, 1, 1) }, /at least 2 x 2.*got 50 x 1/],
    [
      'an image that is transparent',
      dream,
      { image: { width: 4, height: 4, data: new Uint8Array(64) } },
      /transparent everywhere/,
    ],
  ])('%s', (_, recipe, given, words) => {
    expect(() => startRun(goals, recipe, given)).toThrow(words);
  });

  it('a layer or unit that does not exist, before anything is shown', () => {
    const begin = (recipe: Recipe) => (): unknown => startRun(goals, recipe, images);
    expect(begin(invertRecipe('vgg', network, 'relu99', 'photo'))).toThrow(
      expect.objectContaining({ code: 'E_LAYER_UNKNOWN' }),
    );
    const unit = [{ kind: 'channel', layer, channel: 999 } as const];
    expect(begin(visualizeRecipe('vgg', [unit], natural!))).toThrow(
      expect.objectContaining({ code: 'E_ARGUMENT' }),
    );
  });
});
