import { dreamRecipe, type Goal } from '@convlens/core';
import { UsageError } from '../arguments.js';
import { given as present, makePictures } from '../recipes/pictures.js';

/** `convlens dream`: an image that shows more and more of what layers see in it. */
export function dream(args: readonly string[]): Promise<string> {
  const text = { type: 'string' } as const;
  const options = {
    layer: { type: 'string', multiple: true },
    octaves: text,
    'octave-scale': text,
    rate: text,
    size: text,
    tile: text,
  } as const;
  return makePictures(args, 'dream', options, (given, _network, id) => {
    const layers = given.list('layer');
    if (layers.length === 0) throw new UsageError('--layer is missing');
    given.needed('image');
    const kind = given.text('guide') === undefined ? 'layer' : 'guide';
    const goal: Goal = layers.map((layer) => ({ kind, layer }));
    const recipe = {
      ...dreamRecipe(id, goal, '', given.count('seed')),
      ...present({
        steps: given.count('steps'),
        octaves: given.count('octaves'),
        octaveScale: given.number('octave-scale'),
        rate: given.number('rate'),
        size: given.count('size'),
        tile: given.count('tile'),
      }),
    };
    return [recipe];
  });
}
