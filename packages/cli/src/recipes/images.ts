import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Recipe, RecipeImages } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { LensError } from '@convlens/onnx';
import type { Given } from '../arguments.js';
import { readImage } from '../files.js';

/** A rendered sample picture; undefined where there is none of that id. */
function samplePicture(id: string): Pixels | undefined {
  if (!/^[\w-]+$/.test(id)) return undefined;
  const path = fileURLToPath(import.meta.resolve(`@convlens/data/pictures/${id}.png`));
  return existsSync(path) ? readImage(path) : undefined;
}

function picture(
  path: string | undefined,
  name: string | undefined,
  option: string,
): Pixels | undefined {
  if (path !== undefined) return readImage(path);
  if (name === undefined) return undefined;
  const sample = samplePicture(name);
  if (sample) return sample;
  throw new LensError(
    'E_RECIPE',
    `The recipe needs the image "${name}", which is no sample picture. Give its file with --${option}.`,
  );
}

/**
 * The images of a recipe: those that were given, else samples that it names.
 *
 * @param given with `--image` and `--guide`
 * @param recipe what names them
 * @throws LensError `E_FETCH`, `E_IMAGE`; `E_RECIPE` when an image is neither given nor a sample
 */
export function imagesOf(given: Given, recipe: Recipe): RecipeImages {
  const image = picture(given.text('image'), recipe.image, 'image');
  const guide = picture(given.text('guide'), recipe.guide, 'guide');
  return { ...(image && { image }), ...(guide && { guide }) };
}
