import {
  ascentRecipeParameters,
  dreamRecipeParameters,
  optimiserParameters,
  penaltyParameters,
  termParameters,
  type AscentRecipe,
  type NumberParameter,
  type Penalty,
  type Recipe,
} from '@convlens/core';
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

/** A parameter of a schema, as it is read from a recipe and written into one. */
function offered(
  id: string,
  { title, about = '', unit, low, high, control: [from, to] = [low, high] }: NumberParameter,
  access: Pick<Parameter, 'read' | 'write'>,
): Parameter {
  return { id, title, about, low: from, high: to, step: unit === 'count' ? 1 : 'any', ...access };
}

/** A number that stands in the recipe itself. */
function own(id: string, parameter: NumberParameter & { fallback: number }, name = id): Parameter {
  return offered(id, parameter, {
    read: (recipe) =>
      (recipe as unknown as Readonly<Record<string, number | undefined>>)[name] ??
      parameter.fallback,
    write: (recipe, value) => ({ ...recipe, [name]: value }),
  });
}

const steps = own('steps', ascentRecipeParameters.steps);
const pictures = own('pictures', ascentRecipeParameters.pictures);

const rate = offered('rate', optimiserParameters.adam.rate, {
  read: (recipe) => ascent(recipe).optimiser.rate,
  write: (recipe, value) => ({
    ...ascent(recipe),
    optimiser: { ...ascent(recipe).optimiser, rate: value },
  }),
});

/** The weight of a penalty; with 0 there is none. */
const penalty = (kind: Penalty['kind']): Parameter =>
  offered(kind, penaltyParameters[kind].weight, {
    read: (recipe) => ascent(recipe).penalties?.find((one) => one.kind === kind)?.weight ?? 0,
    write: (recipe, value) => {
      const others = (ascent(recipe).penalties ?? []).filter((one) => one.kind !== kind);
      const penalties = value > 0 ? [...others, { kind, weight: value }] : others;
      return { ...ascent(recipe), penalties };
    },
  });

/** All penalties whose weight has a control. */
const penalties = (Object.keys(penaltyParameters) as Penalty['kind'][])
  .filter((kind) => 'control' in penaltyParameters[kind].weight)
  .map(penalty);

/** How much the pictures of a batch are pushed apart, by their Gram matrices. */
const diversity = (layer: string): Parameter =>
  offered('diversity', termParameters.diversity.weight, {
    read: (recipe) =>
      ascent(recipe).goals[0]?.find(({ kind }) => kind === 'diversity')?.weight ?? 0,
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
  own('steps', dreamRecipeParameters.steps),
  own('octaves', dreamRecipeParameters.octaves),
  // Links have had this word from the start.
  own('ratio', dreamRecipeParameters.octaveScale, 'octaveScale'),
  own('rate', dreamRecipeParameters.rate),
  own('size', dreamRecipeParameters.size),
];

/**
 * The numbers that a technique has.
 *
 * @param technique which
 * @param layer id of the layer on which pictures are told apart
 */
export function parametersOf(technique: Technique, layer: string): readonly Parameter[] {
  if (technique === 'dream') return dreaming;
  if (technique === 'rebuild') return [steps, rate, penalty('tv')];
  if (technique === 'restarts') return [steps, rate, pictures, penalty('tv')];
  const { views, decay } = ascentRecipeParameters;
  const free = [own('views', views), own('decay', decay), pictures, diversity(layer)];
  return [steps, rate, ...penalties, ...free];
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
