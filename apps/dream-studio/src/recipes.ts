import {
  classGoal,
  dreamRecipe,
  invertRecipe,
  presets,
  readRecipe,
  reconstructRecipe,
  visualizeRecipe,
  type AscentRecipe,
  type Goal,
  type Recipe,
} from '@convlens/core';
import type { NetworkSummary } from '@convlens/engine';
import { withSet } from './parameters.js';
import type { StudioState } from './state.js';

/** Longest side of an image that dreams, unless it is asked for more: a second or two a run. */
const DREAM_SIDE = 512;

/** What the picture of a unit is optimised for. */
function unitGoal({ layer, channel, sense }: StudioState): Goal {
  const weight = sense === 'less' ? -1 : 1;
  return channel === undefined
    ? [{ kind: 'layer', layer, weight }]
    : [{ kind: 'channel', layer, channel, weight }];
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
    const goal: Goal = guide === '' ? [{ kind: 'layer', layer }] : [{ kind: 'guide', layer }];
    const dream = dreamRecipe(id, goal, image, seed);
    recipe = { ...dream, size: DREAM_SIDE, ...(guide === '' ? {} : { guide }) };
  } else if (make === 'rebuild') {
    recipe = invertRecipe(id, layer, image, seed);
  } else if (make === 'restarts') {
    recipe = reconstructRecipe(id, target, 4, seed);
  } else {
    const known = presets(network);
    const preset = known.find((one) => one.id === state.how) ?? known[0]!;
    const goal =
      make === 'class' ? classGoal(target, state.sense === 'less' ? -1 : 1) : unitGoal(state);
    const plain: AscentRecipe = visualizeRecipe(id, [goal], preset, seed);
    recipe =
      state.start === 'noise'
        ? plain
        : { ...plain, start: state.start, ...(state.start === 'image' ? { image } : {}) };
  }
  return withSet(recipe, make, state.set);
}
