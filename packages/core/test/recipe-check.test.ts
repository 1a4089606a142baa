import { describe, expect, it } from 'vitest';
import {
  checkRecipe,
  classGoal,
  dreamRecipe,
  invertRecipe,
  presets,
  readRecipe,
  reconstructRecipe,
  visualizeRecipe,
  type Recipe,
} from '../src/index.js';

const ofSide = (side: number): Parameters<typeof presets>[0] => ({
  input: { name: 'x', shape: [3, side, side] },
});
const [natural] = presets(ofSide(64));
const plain = visualizeRecipe('net', [classGoal(3)], natural!);
const dream = dreamRecipe('net', [{ kind: 'layer', layer: 'a' }], 'photo');

describe.each([28, 64, 128, 224])('for a network of %i pixels', (side) => {
  it.each(presets(ofSide(side)).map((preset) => [preset.id, preset] as const))(
    'the preset %s makes recipes that pass, and survive JSON',
    (_, preset) => {
      const recipe = visualizeRecipe('net', [classGoal(1), classGoal(2, -1)], preset, 9);
      expect(checkRecipe(recipe)).toBe(recipe);
      expect(readRecipe(JSON.stringify(recipe))).toEqual(recipe);
    },
  );

  it('has presets with names of their own, and views that leave most of the picture', () => {
    const all = presets(ofSide(side));
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    for (const { settings } of all) {
      for (const transform of settings.transforms ?? []) {
        if ('pixels' in transform)
          expect(transform.pixels).toBeLessThan((side * (settings.enlarge ?? 1)) / 8);
      }
    }
  });
});

it.each<[string, Recipe]>([
  ['inversion', invertRecipe('net', { layers: [] }, 'relu1', 'photo', 2)],
  ['reconstruction', reconstructRecipe('net', 5, 3, 2)],
  ['a dream', dream],
  ['a guided dream', { ...dreamRecipe('n', [{ kind: 'guide', layer: 'a' }], 'p'), guide: 'g' }],
])('the recipe for %s passes, and survives JSON', (_, recipe) => {
  expect(checkRecipe(recipe)).toBe(recipe);
  expect(readRecipe(JSON.stringify(recipe))).toEqual(recipe);
});

it('takes every kind of term, transform, penalty, optimiser and correction', () => {
  const at = { layer: 'a', weight: -0.5 };
  const recipe: Recipe = {
    ...plain,
    goals: [
      [
        { kind: 'class', index: 0 },
        { kind: 'probability', index: 99, weight: 2 },
        { kind: 'channel', ...at, channel: 4 },
        { kind: 'neuron', ...at, channel: 4 },
        { kind: 'neuron', ...at, channel: 4, row: 0, column: 3 },
        { kind: 'layer', ...at },
        { kind: 'direction', ...at, direction: [1, -2.5] },
        { kind: 'direction', ...at, direction: [1], cosine: 2 },
        { kind: 'match', ...at },
        { kind: 'guide', ...at },
        { kind: 'diversity', ...at },
      ],
    ],
    sha256: 'ab12',
    image: 'photo',
    guide: 'other',
    pictures: 3,
    decay: 1.2,
    views: 2,
    schedule: [{ steps: 3, factor: 0.1 }],
    optimiser: { kind: 'momentum', rate: 1, momentum: 0.9 },
    transforms: [
      { kind: 'pad', pixels: 3, value: 0 },
      { kind: 'jitter', pixels: 0 },
      { kind: 'roll', pixels: 32 },
      { kind: 'scale', factors: [0.9, 1] },
      { kind: 'rotate', degrees: [-10, 0] },
      { kind: 'crop', from: 1, to: 0.8 },
    ],
    penalties: [
      { kind: 'l2', weight: 0 },
      { kind: 'tv', weight: 1, beta: 2 },
      { kind: 'alpha', weight: 1, alpha: 6 },
    ],
    corrections: {
      decay: 0.1,
      blur: 1,
      blurEvery: 4,
      smallNorm: 50,
      smallContribution: 90,
      clip: true,
    },
  };
  expect(readRecipe(JSON.stringify(recipe))).toEqual(recipe);
  for (const normalise of ['rms', 'mean', 'length', 'none'] as const) {
    const optimiser = { kind: 'ascent', rate: 1, normalise } as const;
    expect(checkRecipe({ ...plain, optimiser })).toBeTruthy();
  }
});

it('a recipe that was kept by the first version opens as it was', () => {
  const kept =
    '{"convlens":1,"technique":"visualize","network":"alexnet","sha256":"0123456789abcdef","seed":7,' +
    '"goals":[[{"kind":"class","index":3,"weight":1},{"kind":"probability","index":3,"weight":10}],' +
    '[{"kind":"neuron","layer":"relu3","channel":4},{"kind":"direction","layer":"relu3","direction":[1,-2],"cosine":2}]],' +
    '"start":"noise","steps":256,"parametrisation":"fourier","decay":1,"optimiser":{"kind":"adam","rate":0.05},' +
    '"schedule":[{"steps":200,"factor":1}],"transforms":[{"kind":"pad","pixels":12},{"kind":"jitter","pixels":8},' +
    '{"kind":"scale","factors":[0.9,1.1]},{"kind":"rotate","degrees":[-10,0]},{"kind":"crop","from":1,"to":0.5},' +
    '{"kind":"roll","pixels":2}],"views":2,"penalties":[{"kind":"tv","weight":0.0005},{"kind":"l2","weight":0.001},' +
    '{"kind":"alpha","weight":1,"alpha":6}],"corrections":{"clip":true}}';
  expect(readRecipe(kept)).toEqual(JSON.parse(kept));
});

/** A recipe with one place changed: `goals.0.0.index`; undefined removes it. */
function changed(recipe: Recipe, path: string, value: unknown): unknown {
  const copy = structuredClone(recipe) as unknown as Record<string, unknown>;
  const keys = path.split('.');
  let inner = copy;
  for (const key of keys.slice(0, -1)) inner = inner[key] as Record<string, unknown>;
  inner[keys.at(-1)!] = value;
  return copy;
}

describe('a refusal names the field, what was expected and what is there', () => {
  it.each<[Recipe, string, unknown, RegExp]>([
    [plain, 'technique', 'paint', /technique to be one of visualize.*got "paint"/],
    [plain, 'network', undefined, /network to be a short text, got nothing/],
    [plain, 'network', 'x'.repeat(301), /network to be a short text, got "xxx.*\.\.\./],
    [plain, 'seed', 1.5, /seed to be a whole number.*got 1\.5/],
    [plain, 'seed', -1, /seed to be a whole number from 0/],
    [plain, 'steps', 0, /steps to be a whole number from 1 to 100000, got 0/],
    [plain, 'steps', 1e9, /steps .*got 1000000000/],
    [plain, 'start', 'black', /start to be one of noise, grey, image, got "black"/],
    [plain, 'parametrisation', 'wavelets', /parametrisation to be one of/],
    [plain, 'goals', [], /goals to be a list of 1 to 64, got \[\]/],
    [plain, 'goals', [[]], /goals\[0\] to be a list of 1 to 16/],
    [plain, 'goals.0.0', null, /goals\[0\]\[0\]\.kind to be one of class/],
    [plain, 'goals.0.0.kind', 'dog', /goals\[0\]\[0\]\.kind .*got "dog"/],
    [plain, 'goals.0.0.index', 'three', /goals\[0\]\[0\]\.index to be a whole number.*"three"/],
    [plain, 'goals.0.0.weight', 1e9, /goals\[0\]\[0\]\.weight to be a number/],
    [plain, 'goals.0.0.layer', 'a', /goals\[0\]\[0\] has "layer"/],
    [plain, 'goals.0.0', { kind: 'channel', channel: 1 }, /goals\[0\]\[0\]\.layer to be a short/],
    [
      plain,
      'goals.0.0',
      { kind: 'direction', layer: 'a', direction: ['x'] },
      /goals\[0\]\[0\]\.direction\[0\] to be a number/,
    ],
    [plain, 'pictures', 65, /pictures to be a whole number from 1 to 64/],
    [plain, 'views', 0, /views to be/],
    [plain, 'decay', 5, /decay to be a number from 0 to 4/],
    [plain, 'optimiser', 'adam', /optimiser\.kind to be one of ascent, momentum, adam/],
    [plain, 'optimiser.rate', 0, /optimiser\.rate to be a number/],
    [plain, 'optimiser.rate', Number.NaN, /optimiser\.rate to be a number.*got null/],
    [plain, 'optimiser', { kind: 'ascent', rate: 1, normalise: 'l7' }, /optimiser\.normalise/],
    [plain, 'optimiser', { kind: 'momentum', rate: 1, momentum: 1 }, /optimiser\.momentum/],
    [plain, 'schedule', [{ steps: 0, factor: 1 }], /schedule\[0\]\.steps/],
    [plain, 'schedule', [{ steps: 1 }], /schedule\[0\]\.factor .*got nothing/],
    [plain, 'transforms.0.pixels', -1, /transforms\[0\]\.pixels/],
    [plain, 'transforms.0.kind', 'flip', /transforms\[0\]\.kind .*got "flip"/],
    [
      plain,
      'transforms',
      [{ kind: 'scale', factors: [] }],
      /transforms\[0\]\.factors to be a list/,
    ],
    [plain, 'transforms', [{ kind: 'scale', factors: [0] }], /transforms\[0\]\.factors\[0\]/],
    [plain, 'transforms', [{ kind: 'rotate', degrees: [999] }], /transforms\[0\]\.degrees\[0\]/],
    [plain, 'transforms', [{ kind: 'crop', from: 0, to: 1 }], /transforms\[0\]\.from/],
    [plain, 'penalties.0.weight', -1, /penalties\[0\]\.weight/],
    [plain, 'penalties', [{ kind: 'alpha', weight: 1, alpha: 99 }], /penalties\[0\]\.alpha/],
    [plain, 'corrections', [], /corrections to be an object/],
    [plain, 'corrections', { clip: 1 }, /corrections\.clip to be true or false, got 1/],
    [plain, 'corrections', { blurEvery: 0 }, /corrections\.blurEvery/],
    [plain, 'corrections', { smallNorm: 101 }, /corrections\.smallNorm/],
    [plain, 'colour', 'red', /it has "colour".*It knows convlens/],
    [dream, 'goals', [[{ kind: 'layer', layer: 'a' }], []], /goals to be a list of 1 to 1/],
    [dream, 'octaves', 21, /octaves to be a whole number from 1 to 20/],
    [dream, 'octaveScale', 1, /octaveScale to be a number from 1\.01 to 4/],
    [dream, 'rate', 0, /rate to be a number/],
    [dream, 'tile', 31, /tile to be a whole number from 32/],
    [dream, 'size', 15, /size to be a whole number from 16/],
    [dream, 'views', 2, /it has "views"/],
  ])('%#', (recipe, path, value, words) => {
    const wrong = changed(recipe, path, value);
    expect(() => checkRecipe(wrong)).toThrow(words);
    expect(() => checkRecipe(wrong)).toThrow(
      expect.objectContaining({ code: 'E_RECIPE' }) as Error,
    );
  });

  it.each<[unknown, RegExp]>([
    [null, /something else/],
    ['recipe', /something else/],
    [[plain], /something else/],
    [{ ...plain, convlens: 2 }, /version 2.*up to 1/],
    [{ ...plain, convlens: '1' }, /convlens to be a whole number/],
  ])('%o', (value, words) => {
    expect(() => checkRecipe(value)).toThrow(words);
  });

  it('of text that is not JSON', () => {
    expect(() => readRecipe('{')).toThrow(/not JSON/);
  });
});
