import { invertRecipe } from '@convlens/core';
import { UsageError } from '../arguments.js';
import { given as present, makePictures } from '../recipes/pictures.js';

/** `convlens invert`: an image rebuilt from what each of some layers says to it. */
export function invert(args: readonly string[]): Promise<string> {
  const options = { layer: { type: 'string', multiple: true } } as const;
  return makePictures(args, 'invert', options, (given, network, id) => {
    const layers = given.list('layer');
    if (layers.length === 0) throw new UsageError('--layer is missing');
    given.needed('image');
    const steps = present({ steps: given.count('steps') });
    return layers.map((layer) => ({
      ...invertRecipe(id, network, layer, '', given.count('seed')),
      ...steps,
    }));
  });
}
