import type { Network } from '@convlens/adapters';
import {
  ascentRecipeParameters,
  classGoal,
  presets,
  visualizeRecipe,
  type AscentRecipe,
  type Objective,
} from '@convlens/core';
import { LensError } from '@convlens/onnx';
import { UsageError, type Given } from '../arguments.js';
import { optionsFor, readOptions } from '../recipes/options.js';
import { given as present, makePictures } from '../recipes/pictures.js';

const { start, steps, pictures } = ascentRecipeParameters;
/** What has an option besides the image to start from. */
export const visualizeOptions = { steps, pictures } as const;

/**
 * A class by its number or its name.
 *
 * @param network whose class
 * @param wish number, or one of the names of a class, in any case
 * @throws LensError `E_ARGUMENT` when no class has that name
 */
export function classIndex({ classes = [], title }: Network, wish: string): number {
  if (/^\d+$/.test(wish)) return Number(wish);
  const words = (name: string): string[] => [
    name.toLowerCase(),
    ...name.split(',').map((word) => word.trim().toLowerCase()),
  ];
  const wanted = wish.trim().toLowerCase();
  const index = classes.findIndex((name) => words(name).includes(wanted));
  if (index >= 0) return index;
  const near = classes.filter((name) => name.toLowerCase().includes(wanted)).slice(0, 8);
  const hint =
    classes.length === 0
      ? 'Its classes have no names here: give a number.'
      : near.length > 0
        ? `Near: ${near.join('; ')}.`
        : 'Give its number, or a name from its list of classes.';
  throw new LensError('E_ARGUMENT', `${title} has no class "${wish}". ${hint}`);
}

function goalOf(given: Given, network: Network): Objective {
  const wish = given.text('class');
  const layer = given.text('layer');
  if ((wish === undefined) === (layer === undefined)) {
    throw new UsageError('give one of --class and --layer');
  }
  const sense = given.text('sense') ?? 'more';
  if (sense !== 'more' && sense !== 'less') {
    throw new UsageError(`--sense is more or less, got "${sense}"`);
  }
  const sign = sense === 'more' ? 1 : -1;
  const [channel, row, column] = ['channel', 'row', 'column'].map((name) => given.count(name));
  if (wish !== undefined) {
    if (channel !== undefined) throw new UsageError('--channel is for --layer');
    return classGoal(classIndex(network, wish), sign);
  }
  const at = { layer: layer!, weight: sign };
  if (channel === undefined) {
    if (row !== undefined || column !== undefined) throw new UsageError('--channel is missing');
    return [{ kind: 'layer', ...at }];
  }
  if (row === undefined && column === undefined) return [{ kind: 'channel', ...at, channel }];
  return [{ kind: 'neuron', ...at, channel, ...present({ row, column }) }];
}

function recipeOf(given: Given, network: Network, id: string): AscentRecipe {
  const goal = goalOf(given, network);
  const known = presets(network);
  const wish = given.text('preset');
  const preset = wish === undefined ? known[0]! : known.find((one) => one.id === wish);
  if (!preset) {
    throw new UsageError(
      `--preset is one of ${known.map((one) => one.id).join(', ')}, got "${wish}"`,
    );
  }
  const chosen = readOptions(given, { start, ...visualizeOptions });
  if (chosen.start === 'image') given.needed('image');
  return {
    ...visualizeRecipe(id, [goal], preset, given.count('seed')),
    ...chosen,
  };
}

/** `convlens visualize`: what a class, channel, neuron or layer wants to see. */
export function visualize(args: readonly string[]): Promise<string> {
  const text = { type: 'string' } as const;
  const options = {
    class: text,
    layer: text,
    channel: text,
    row: text,
    column: text,
    preset: text,
    sense: text,
    ...optionsFor({ start, ...visualizeOptions }),
  };
  return makePictures(args, 'visualize', options, (given, network, id) => [
    recipeOf(given, network, id),
  ]);
}
