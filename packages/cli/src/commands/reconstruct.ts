import { reconstructRecipe } from '@convlens/core';
import { given as present, makePictures } from '../recipes/pictures.js';
import { classIndex } from './visualize.js';

/** `convlens reconstruct`: a class rebuilt from noise through the softmax, several times. */
export function reconstruct(args: readonly string[]): Promise<string> {
  const text = { type: 'string' } as const;
  return makePictures(
    args,
    'reconstruct',
    { class: text, pictures: text },
    (given, network, id) => {
      const index = classIndex(network, given.needed('class'));
      const recipe = reconstructRecipe(id, index, given.count('pictures'), given.count('seed'));
      return [{ ...recipe, ...present({ steps: given.count('steps') }) }];
    },
  );
}
