import { reconstructRecipe } from '@convlens/core';
import { optionsFor, readOptions } from '../recipes/options.js';
import { makePictures } from '../recipes/pictures.js';
import { classIndex, visualizeOptions } from './visualize.js';

/** Numbers of a reconstruction that have an option. */
export const reconstructOptions = visualizeOptions;

/** `convlens reconstruct`: a class rebuilt from noise through the softmax, several times. */
export function reconstruct(args: readonly string[]): Promise<string> {
  const text = { type: 'string' } as const;
  return makePictures(
    args,
    'reconstruct',
    { class: text, ...optionsFor(reconstructOptions) },
    (given, network, id) => {
      const index = classIndex(network, given.needed('class'));
      const recipe = reconstructRecipe(id, index, undefined, given.count('seed'));
      return [{ ...recipe, ...readOptions(given, reconstructOptions) }];
    },
  );
}
