import { ascentRecipeParameters, invertRecipe } from '@convlens/core';
import { UsageError } from '../arguments.js';
import { optionsFor, readOptions } from '../recipes/options.js';
import { makePictures } from '../recipes/pictures.js';

/** Numbers of an inversion that have an option. */
export const invertOptions = { steps: ascentRecipeParameters.steps } as const;

/** `convlens invert`: an image rebuilt from what each of some layers says to it. */
export function invert(args: readonly string[]): Promise<string> {
  const options = {
    layer: { type: 'string', multiple: true },
    ...optionsFor(invertOptions),
  } as const;
  return makePictures(args, 'invert', options, (given, network, id) => {
    const layers = given.list('layer');
    if (layers.length === 0) throw new UsageError('--layer is missing');
    given.needed('image');
    const steps = readOptions(given, invertOptions);
    return layers.map((layer) => ({
      ...invertRecipe(id, network, layer, '', given.count('seed')),
      ...steps,
    }));
  });
}
