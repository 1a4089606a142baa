import {
  classGoal,
  dreamRecipe,
  inversionSmoothing,
  invertRecipe,
  presets,
  readRecipe,
  reconstructRecipe,
  visualizeRecipe,
  type AscentRecipe,
  type Objective,
  type LayerGraph,
  type Recipe,
} from '@convlens/core';
import type { NetworkSummary } from '@convlens/engine';
import { withSet } from './parameters.js';
import type { StudioState } from './state.js';

/** Longest side of an image that dreams, unless it is asked for more: a second or two a run. */
const DREAM_SIDE = 512;

/** What the picture of a unit is optimised for. */
function unitGoal({ layer, channel, place, second, joined, sense }: StudioState): Objective {
  const weight = sense === 'less' ? -1 : 1;
  if (channel === undefined) return [{ kind: 'layer', layer, weight }];
  const kind = place === 'centre' ? 'neuron' : 'channel';
  const unit = { kind, layer, channel, weight } as const;
  if (second === undefined) return [unit];
  return [unit, { ...unit, channel: second, weight: joined === 'minus' ? -weight : weight }];
}

/** What the picture of a class, or of two, is optimised for. */
function classesGoal({ target = 0, second, joined, sense }: StudioState): Objective {
  const sign = sense === 'less' ? -1 : 1;
  if (second === undefined) return classGoal(target, sign);
  // Two at once cannot both be probable: their scores are climbed.
  const weight = joined === 'minus' ? -sign : sign;
  return [
    { kind: 'class', index: target, weight: sign },
    { kind: 'class', index: second, weight },
  ];
}

/** The layer on which several pictures are told apart: the unit's own, or the last with maps. */
export function apartLayer({ make, layer }: StudioState, network: NetworkSummary): string {
  return make === 'unit' ? layer : network.lastConv;
}

/** What an image dreams of. */
function dreamGoal({ layer, also, guide }: StudioState): Objective {
  const kind = guide === '' ? 'layer' : 'guide';
  const layers = also === '' || also === layer ? [layer] : [layer, also];
  return layers.map((id) => ({ kind, layer: id }));
}

/**
 * The recipe that a state asks for.
 *
 * @param state what was chosen
 * @param network the open network
 * @throws LensError `E_RECIPE` when the link holds a recipe that cannot be read
 */
export function recipeOf(state: StudioState, network: NetworkSummary): Recipe {
  if (state.recipe !== '') return readRecipe(state.recipe);
  const { id } = network;
  const { make, image, seed = 1, target = 0, layer, guide } = state;
  let recipe: Recipe;
  if (make === 'dream') {
    const dream = dreamRecipe(id, dreamGoal(state), image, seed);
    recipe = { ...dream, size: DREAM_SIDE, ...(guide === '' ? {} : { guide }) };
  } else if (make === 'rebuild') {
    recipe = invertRecipe(id, network, layer, image, seed);
  } else if (make === 'restarts') {
    recipe = reconstructRecipe(id, target, 4, seed);
  } else {
    const known = presets(network);
    const preset = known.find((one) => one.id === state.how) ?? known[0]!;
    const goal = make === 'class' ? classesGoal(state) : unitGoal(state);
    const plain: AscentRecipe = visualizeRecipe(id, [goal], preset, seed);
    recipe =
      state.start === 'noise'
        ? plain
        : { ...plain, start: state.start, ...(state.start === 'image' ? { image } : {}) };
  }
  return withSet(recipe, make, state.set, apartLayer(state, network));
}

/** The same recipe in another network. */
export function inNetwork(recipe: Recipe, network: string): Recipe {
  const { sha256: _, ...rest } = recipe;
  return { ...rest, network };
}

/** The same recipe for another layer; an inversion is smoothed as that layer needs it. */
export function inLayer(recipe: Recipe, layer: string, network: LayerGraph): Recipe {
  const goals = recipe.goals.map((goal) =>
    goal.map((term) => ('layer' in term ? { ...term, layer } : term)),
  );
  if (recipe.technique !== 'invert') return { ...recipe, goals } as Recipe;
  const [term] = recipe.goals[0] ?? [];
  const before = term && 'layer' in term ? term.layer : layer;
  const factor = inversionSmoothing(network, layer) / inversionSmoothing(network, before);
  const penalties = recipe.penalties?.map((penalty) =>
    penalty.kind === 'tv' ? { ...penalty, weight: penalty.weight * factor } : penalty,
  );
  return { ...recipe, goals, ...(penalties && { penalties }) };
}
