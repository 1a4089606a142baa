import { LensError } from '@convlens/onnx';
import { RECIPE_VERSION, type Recipe } from './recipe.js';

type Fields = Readonly<Record<string, unknown>>;

/** Says what is wrong with a value, where it is, or nothing. */
type Check = (value: unknown, path: string) => void;

function refuse(path: string, expected: string, value: unknown): never {
  const got = typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? 'nothing');
  const short = got.length > 60 ? `${got.slice(0, 57)}...` : got;
  throw new LensError('E_RECIPE', `Recipe: expected ${path} to be ${expected}, got ${short}.`);
}

const number =
  (low: number, high: number): Check =>
  (value, path) => {
    if (typeof value === 'number' && value >= low && value <= high) return;
    refuse(path, `a number from ${low} to ${high}`, value);
  };

const whole =
  (low: number, high: number): Check =>
  (value, path) => {
    if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high) return;
    refuse(path, `a whole number from ${low} to ${high}`, value);
  };

const text: Check = (value, path) => {
  if (typeof value !== 'string' || value.length > 300) refuse(path, 'a short text', value);
};

const flag: Check = (value, path) => {
  if (typeof value !== 'boolean') refuse(path, 'true or false', value);
};

const oneOf =
  (...names: readonly string[]): Check =>
  (value, path) => {
    if (!names.includes(value as string)) refuse(path, `one of ${names.join(', ')}`, value);
  };

const optional =
  (check: Check): Check =>
  (value, path) => {
    if (value !== undefined) check(value, path);
  };

const list =
  (check: Check, least = 0, most = 64): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      refuse(path, `a list of ${least} to ${most}`, value);
    }
    value.forEach((item, i) => check(item, `${path}[${i}]`));
  };

/** An object with these fields and no others. */
const fields =
  (table: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      refuse(path, 'an object', value);
    }
    for (const name of Object.keys(value)) {
      if (!(name in table)) {
        throw new LensError(
          'E_RECIPE',
          `Recipe: ${path} has "${name}", which this version does not know. It knows ${Object.keys(table).join(', ')}.`,
        );
      }
    }
    const at = (name: string): string => (path === 'it' ? name : `${path}.${name}`);
    for (const [name, check] of Object.entries(table)) check((value as Fields)[name], at(name));
  };

/** An object whose `kind` says which fields it has. */
const kinds =
  (table: Readonly<Record<string, Readonly<Record<string, Check>>>>): Check =>
  (value, path) => {
    const kind = (value as Fields | null | undefined)?.kind;
    oneOf(...Object.keys(table))(kind, `${path}.kind`);
    fields({ kind: text, ...table[kind as string] })(value, path);
  };

const index = whole(0, 1e7);
const weight = optional(number(-1e6, 1e6));
const at = { layer: text, weight };

const term = kinds({
  class: { index, weight },
  probability: { index, weight },
  channel: { ...at, channel: index },
  neuron: { ...at, channel: index, row: optional(index), column: optional(index) },
  layer: at,
  direction: {
    ...at,
    direction: list(number(-1e9, 1e9), 1, 1e5),
    cosine: optional(number(0, 10)),
  },
  match: at,
  guide: at,
  diversity: at,
});

const rate = number(1e-9, 1e9);

const optimiser = kinds({
  ascent: { rate, normalise: optional(oneOf('rms', 'mean', 'length', 'none')) },
  momentum: { rate, momentum: optional(number(0, 0.9999)) },
  adam: { rate },
});

const transform = kinds({
  pad: { pixels: whole(0, 1000), value: optional(number(0, 1)) },
  jitter: { pixels: whole(0, 1000) },
  roll: { pixels: whole(0, 10000) },
  scale: { factors: list(number(0.05, 20), 1, 1000) },
  rotate: { degrees: list(number(-180, 180), 1, 1000) },
  crop: { from: number(0.01, 1), to: number(0.01, 1) },
});

const penaltyWeight = number(0, 1e6);

const penalty = kinds({
  l2: { weight: penaltyWeight },
  tv: { weight: penaltyWeight, beta: optional(number(0.5, 6)) },
  alpha: { weight: penaltyWeight, alpha: optional(number(1, 12)) },
});

const corrections = fields({
  decay: optional(number(0, 1)),
  blur: optional(number(0, 50)),
  blurEvery: optional(whole(1, 1000)),
  smallNorm: optional(number(0, 100)),
  smallContribution: optional(number(0, 100)),
  clip: optional(flag),
});

const common = {
  convlens: whole(1, RECIPE_VERSION),
  network: text,
  sha256: optional(text),
  image: optional(text),
  guide: optional(text),
  seed: whole(0, Number.MAX_SAFE_INTEGER),
  steps: whole(1, 100_000),
};

const ascent = fields({
  ...common,
  technique: text,
  goals: list(list(term, 1, 16), 1, 64),
  pictures: optional(whole(1, 64)),
  start: oneOf('noise', 'grey', 'image'),
  parametrisation: oneOf('pixels', 'fourier', 'phase'),
  enlarge: optional(number(1, 8)),
  decay: optional(number(0, 4)),
  optimiser,
  schedule: optional(list(fields({ steps: whole(1, 100_000), factor: number(0, 1000) }), 1, 100)),
  transforms: optional(list(transform, 0, 32)),
  views: optional(whole(1, 64)),
  penalties: optional(list(penalty, 0, 16)),
  corrections: optional(corrections),
});

const dream = fields({
  ...common,
  technique: text,
  goals: list(list(term, 1, 16), 1, 1),
  octaves: whole(1, 20),
  octaveScale: number(1.01, 4),
  rate: number(0.001, 100),
  tile: optional(whole(32, 2048)),
  size: optional(whole(16, 16384)),
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
  const { convlens, technique } = value as Fields;
  if (typeof convlens === 'number' && convlens > RECIPE_VERSION) {
    throw new LensError(
      'E_RECIPE',
      `The recipe is of version ${convlens}; this Convlens reads up to ${RECIPE_VERSION}. Use a newer one.`,
    );
  }
  oneOf('visualize', 'invert', 'reconstruct', 'dream')(technique, 'technique');
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
