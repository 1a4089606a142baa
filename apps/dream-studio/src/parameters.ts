import type { AscentRecipe, DreamRecipe, Recipe } from '@convlens/core';
import type { Technique } from './state.js';

/** A number that a person can change. */
export interface Parameter {
  readonly id: string;
  readonly title: string;
  /** Unit and meaning in a few words. */
  readonly about: string;
  readonly low: number;
  readonly high: number;
  readonly step: number | 'any';
  /** What the recipe says. */
  read(recipe: Recipe): number;
  /** The recipe with another number. */
  write(recipe: Recipe, value: number): Recipe;
}

const ascent = (recipe: Recipe): AscentRecipe => recipe as AscentRecipe;
const dream = (recipe: Recipe): DreamRecipe => recipe as DreamRecipe;

const steps: Parameter = {
  id: 'steps',
  title: 'Steps',
  about: 'how often the picture is moved',
  low: 1,
  high: 10000,
  step: 1,
  read: ({ steps }) => steps,
  write: (recipe, value) => ({ ...recipe, steps: value }),
};

const rate: Parameter = {
  id: 'rate',
  title: 'Rate',
  about: 'length of a step',
  low: 0.0001,
  high: 10,
  step: 'any',
  read: (recipe) => ascent(recipe).optimiser.rate,
  write: (recipe, value) => ({
    ...ascent(recipe),
    optimiser: { ...ascent(recipe).optimiser, rate: value },
  }),
};

const penalty = (kind: 'tv' | 'l2', title: string, about: string): Parameter => ({
  id: kind,
  title,
  about,
  low: 0,
  high: 1,
  step: 'any',
  read: (recipe) => ascent(recipe).penalties?.find((one) => one.kind === kind)?.weight ?? 0,
  write: (recipe, value) => {
    const others = (ascent(recipe).penalties ?? []).filter((one) => one.kind !== kind);
    const penalties = value > 0 ? [...others, { kind, weight: value }] : others;
    return { ...ascent(recipe), penalties };
  },
});

const views: Parameter = {
  id: 'views',
  title: 'Views',
  about: 'random views of the picture in one step',
  low: 1,
  high: 32,
  step: 1,
  read: (recipe) => ascent(recipe).views ?? 1,
  write: (recipe, value) => ({ ...ascent(recipe), views: value }),
};

const decay: Parameter = {
  id: 'decay',
  title: 'Fall of frequencies',
  about: '1 as in photographs; more is smoother',
  low: 0,
  high: 4,
  step: 'any',
  read: (recipe) => ascent(recipe).decay ?? 1,
  write: (recipe, value) => ({ ...ascent(recipe), decay: value }),
};

const pictures: Parameter = {
  id: 'pictures',
  title: 'Pictures',
  about: 'each from noise of its own',
  low: 1,
  high: 16,
  step: 1,
  read: (recipe) => ascent(recipe).pictures ?? 1,
  write: (recipe, value) => ({ ...ascent(recipe), pictures: value }),
};

/** How much the pictures of a batch are pushed apart, by their Gram matrices. */
const diversity = (layer: string): Parameter => ({
  id: 'diversity',
  title: 'Diversity',
  about: 'pushes several pictures apart',
  low: 0,
  high: 1000,
  step: 'any',
  read: (recipe) => ascent(recipe).goals[0]?.find(({ kind }) => kind === 'diversity')?.weight ?? 0,
  write: (recipe, weight) => {
    const goals = ascent(recipe).goals.map((goal) => {
      const others = goal.filter(({ kind }) => kind !== 'diversity');
      const several = (ascent(recipe).pictures ?? 1) > 1;
      return weight > 0 && several
        ? [...others, { kind: 'diversity', layer, weight } as const]
        : others;
    });
    return { ...ascent(recipe), goals };
  },
});

const dreaming: readonly Parameter[] = [
  { ...steps, title: 'Steps on each size', about: '10 in the first program', high: 1000 },
  {
    id: 'octaves',
    title: 'Octaves',
    about: 'sizes that are dreamt on, small to large',
    low: 1,
    high: 12,
    step: 1,
    read: (recipe) => dream(recipe).octaves,
    write: (recipe, value) => ({ ...dream(recipe), octaves: value }),
  },
  {
    id: 'ratio',
    title: 'Octave scale',
    about: 'ratio of one size to the next',
    low: 1.05,
    high: 3,
    step: 'any',
    read: (recipe) => dream(recipe).octaveScale,
    write: (recipe, value) => ({ ...dream(recipe), octaveScale: value }),
  },
  {
    id: 'rate',
    title: 'Rate',
    about: 'grey levels of 255 a step, in the mean',
    low: 0.01,
    high: 20,
    step: 'any',
    read: (recipe) => dream(recipe).rate,
    write: (recipe, value) => ({ ...dream(recipe), rate: value }),
  },
  {
    id: 'size',
    title: 'Longer side',
    about: 'pixels; larger images are reduced to it',
    low: 32,
    high: 8192,
    step: 1,
    read: (recipe) => dream(recipe).size ?? 512,
    write: (recipe, value) => ({ ...dream(recipe), size: value }),
  },
];

/**
 * The numbers that a technique has.
 *
 * @param technique which
 * @param layer id of the layer on which pictures are told apart
 */
export function parametersOf(technique: Technique, layer: string): readonly Parameter[] {
  const tv = penalty('tv', 'Smoothness', 'weight of the total variation');
  const l2 = penalty('l2', 'L2', 'weight of the squared distance to grey');
  if (technique === 'dream') return dreaming;
  if (technique === 'rebuild') return [steps, rate, tv];
  if (technique === 'restarts') return [steps, rate, pictures, tv];
  return [steps, rate, tv, l2, views, decay, pictures, diversity(layer)];
}

/**
 * Reads `steps:512,rate:0.1`; what makes no sense is passed over.
 *
 * @param set the text
 */
export function readSet(set: string): ReadonlyMap<string, number> {
  const pairs = set.split(',').map((pair) => pair.split(':') as [string, string?]);
  return new Map(
    pairs
      .map(([id, value]) => [id, Number(value ?? NaN)] as const)
      .filter(([id, value]) => id !== '' && Number.isFinite(value)),
  );
}

/**
 * The recipe with the numbers that were changed; those out of range are brought to its end.
 *
 * @param recipe of the preset
 * @param technique whose parameters
 * @param set what was changed
 * @param layer id of the layer on which pictures are told apart
 */
export function withSet(recipe: Recipe, technique: Technique, set: string, layer: string): Recipe {
  let changed = recipe;
  const values = readSet(set);
  for (const parameter of parametersOf(technique, layer)) {
    const value = values.get(parameter.id);
    if (value === undefined) continue;
    const inside = Math.min(parameter.high, Math.max(parameter.low, value));
    changed = parameter.write(changed, parameter.step === 1 ? Math.round(inside) : inside);
  }
  return changed;
}
