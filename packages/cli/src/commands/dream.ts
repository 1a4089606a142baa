import { dreamRecipe, dreamRecipeParameters, type Objective } from '@convlens/core';
import { UsageError } from '../arguments.js';
import { optionsFor, readOptions } from '../recipes/options.js';
import { makePictures } from '../recipes/pictures.js';

/** Numbers of a dream that have an option. */
export const dreamOptions = dreamRecipeParameters;

/** `convlens dream`: an image that shows more and more of what layers see in it. */
export function dream(args: readonly string[]): Promise<string> {
  const options = {
    layer: { type: 'string', multiple: true },
    ...optionsFor(dreamOptions),
  } as const;
  return makePictures(args, 'dream', options, (given, _network, id) => {
    const layers = given.list('layer');
    if (layers.length === 0) throw new UsageError('--layer is missing');
    given.needed('image');
    const kind = given.text('guide') === undefined ? 'layer' : 'guide';
    const goal: Objective = layers.map((layer) => ({ kind, layer }));
    const recipe = {
      ...dreamRecipe(id, goal, '', given.count('seed')),
      ...readOptions(given, dreamOptions),
    };
    return [recipe];
  });
}
