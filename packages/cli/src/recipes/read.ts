import { readRecipe, type Recipe } from '@convlens/core';
import { asciiJson, readPngText } from '@convlens/data/png';
import { LensError } from '@convlens/onnx';
import { isEmbedded, readFile, readModel, type Model } from '../files.js';

/** Key of the text chunk that holds the recipe in a PNG. */
const KEYWORD = 'convlens-recipe';
/** Digits of the network's SHA-256 that a recipe keeps. */
const DIGITS = 16;

/**
 * Reads a recipe from a JSON file, or from a PNG that carries one.
 *
 * @param path the file
 * @throws LensError `E_FETCH`; `E_IMAGE` for a damaged PNG; `E_RECIPE`
 */
export function readRecipeFile(path: string): Recipe {
  const bytes = readFile(path);
  const isPng = bytes[0] === 0x89 && bytes[1] === 0x50;
  if (!isPng) return readRecipe(new TextDecoder().decode(bytes));
  const text = readPngText(bytes)[KEYWORD];
  if (text === undefined) {
    throw new LensError(
      'E_RECIPE',
      `${path} carries no recipe: expected a text chunk "${KEYWORD}". ` +
        'Programs that save an image anew drop it; take the file that Convlens wrote, or the JSON.',
    );
  }
  return readRecipe(text);
}

/**
 * The recipe as text for a PNG, which holds Latin-1 only.
 *
 * @param recipe any recipe
 */
export function recipeText(recipe: Recipe): Readonly<Record<string, string>> {
  return { [KEYWORD]: asciiJson(recipe), Software: 'Convlens' };
}

/** What a recipe says of the network that it was made for. */
export function identity(model: Model): Pick<Recipe, 'network' | 'sha256'> {
  return { network: model.id, sha256: model.sha256.slice(0, DIGITS) };
}

/**
 * The network of a recipe: the one that was named, which must be the recipe's, or the embedded one that the recipe
 * names. The checksum decides where the recipe has one, so that a file may be renamed; else the name.
 *
 * @param recipe the recipe
 * @param name what was given; empty for nothing
 * @throws LensError `E_RECIPE` when it is another network, or the recipe's is not embedded; as `readModel`
 */
export function modelOf(recipe: Recipe, name: string): Model {
  if (name === '' && !isEmbedded(recipe.network)) {
    throw new LensError(
      'E_RECIPE',
      `The recipe is for the network "${recipe.network}", which is not an embedded one. Give its file as MODEL.`,
    );
  }
  const model = readModel(name === '' ? recipe.network : name);
  const { sha256 } = recipe;
  const fits =
    sha256 === undefined || sha256.length === 0
      ? model.id === recipe.network
      : model.sha256.startsWith(sha256);
  if (fits) return model;
  const theirs = sha256 ? ` (SHA-256 ${sha256}...)` : '';
  throw new LensError(
    'E_RECIPE',
    `Expected the network "${recipe.network}"${theirs} of the recipe, got "${model.id}" ` +
      `(SHA-256 ${model.sha256.slice(0, DIGITS)}...). Give the recipe's network, or make a recipe for this one.`,
  );
}
