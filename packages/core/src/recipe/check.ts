import { LensError } from '@convlens/onnx';
import { correctionParameters } from '../optimisation/corrections.js';
import { optimiserParameters } from '../optimisation/optimisers/table.js';
import { penaltyParameters } from '../optimisation/penalties/table.js';
import { transformParameters } from '../optimisation/transforms/table.js';
import { termParameters } from '../optimisation/terms.js';
import { checksOf, fields, kinds, list, oneOf, optional } from '../schema/check.js';
import { RECIPE_VERSION, type Recipe } from './recipe.js';
import { ascentRecipeParameters, dreamRecipeParameters } from './schema.js';

const name = { kind: 'text', title: 'Name', fallback: '' } as const;
const whole = { kind: 'number', title: '', unit: 'count', required: true, fallback: 1 } as const;

const common = {
  convlens: { ...whole, low: 1, high: RECIPE_VERSION },
  technique: { ...name, required: true },
  network: { ...name, required: true },
  sha256: name,
  image: name,
  guide: name,
  seed: { ...whole, low: 0, high: Number.MAX_SAFE_INTEGER },
} as const;

const factor = { kind: 'number', title: '', unit: 'none', required: true, fallback: 1 } as const;
const part = {
  steps: { ...whole, low: 1, high: 100_000 },
  factor: { ...factor, low: 0, high: 1000 },
} as const;

const goal = list(kinds(termParameters), 1, 16);

const ascent = fields({
  ...checksOf(common),
  goals: list(goal, 1, 64),
  ...checksOf(ascentRecipeParameters),
  optimiser: kinds(optimiserParameters),
  schedule: optional(list(fields(checksOf(part)), 1, 100)),
  transforms: optional(list(kinds(transformParameters), 0, 32)),
  penalties: optional(list(kinds(penaltyParameters), 0, 16)),
  corrections: optional(fields(checksOf(correctionParameters))),
});

const dream = fields({
  ...checksOf(common),
  goals: list(goal, 1, 1),
  ...checksOf(dreamRecipeParameters),
});

/**
 * Checks what claims to be a recipe.
 *
 * @param value parsed JSON
 * @returns the same value
 * @throws LensError `E_RECIPE` that names the field, what was expected and what is there; a recipe of a newer version
 * says so
 */
export function checkRecipe(value: unknown): Recipe {
  if (typeof value !== 'object' || value === null || !('convlens' in value)) {
    throw new LensError(
      'E_RECIPE',
      'Expected a recipe of Convlens: JSON with "convlens": 1. This is something else.',
    );
  }
  const { convlens, technique } = value as Readonly<Record<string, unknown>>;
  if (typeof convlens === 'number' && convlens > RECIPE_VERSION) {
    throw new LensError(
      'E_RECIPE',
      `The recipe is of version ${convlens}; this Convlens reads up to ${RECIPE_VERSION}. Use a newer one.`,
    );
  }
  oneOf(['visualize', 'invert', 'reconstruct', 'dream'])(technique, 'technique');
  (technique === 'dream' ? dream : ascent)(value, 'it');
  return value as Recipe;
}

/**
 * Reads a recipe from text.
 *
 * @param json the text
 * @throws LensError `E_RECIPE`
 */
export function readRecipe(json: string): Recipe {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new LensError('E_RECIPE', 'Expected a recipe as JSON; the text is not JSON.', { cause });
  }
  return checkRecipe(value);
}
