import { LensError } from '@convlens/onnx';
import { expectation, fits } from './fits.js';
import type { Parameter, Parameters } from './parameter.js';

type Fields = Readonly<Record<string, unknown>>;

/** Says what is wrong with a value of a recipe, and where it is, or nothing. */
export type Check = (value: unknown, path: string) => void;

function refuse(path: string, expected: string, value: unknown): never {
  const got = typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? 'nothing');
  const short = got.length > 60 ? `${got.slice(0, 57)}...` : got;
  throw new LensError('E_RECIPE', `Recipe: expected ${path} to be ${expected}, got ${short}.`);
}

/** A value that a parameter takes. */
const valueOf =
  (parameter: Parameter): Check =>
  (value, path) => {
    if (fits(parameter, value)) return;
    if (parameter.kind === 'numbers' && Array.isArray(value) && value.length > 0) {
      const { low, high, most } = parameter;
      const number = { kind: 'number', title: '', unit: 'none', fallback: low, low, high } as const;
      if (value.length <= most) value.forEach((one, i) => valueOf(number)(one, `${path}[${i}]`));
    }
    refuse(path, expectation(parameter), value);
  };

/**
 * A check that lets a field be missing.
 *
 * @param check of what is there
 */
export const optional =
  (check: Check): Check =>
  (value, path) => {
    if (value !== undefined) check(value, path);
  };

/**
 * The checks of parameters: those that are not required may be missing.
 *
 * @param parameters the schema
 */
export const checksOf = (parameters: Parameters): Readonly<Record<string, Check>> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => {
      const check = valueOf(parameter);
      return [name, parameter.required ? check : optional(check)];
    }),
  );

/**
 * A list.
 *
 * @param check of each of its values
 * @param least how many at least
 * @param most how many at most
 */
export const list =
  (check: Check, least: number, most: number): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      refuse(path, `a list of ${least} to ${most}`, value);
    }
    value.forEach((item, i) => check(item, `${path}[${i}]`));
  };

/**
 * An object with these fields and no others.
 *
 * @param table the check of each
 */
export const fields =
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

/**
 * One of some words.
 *
 * @param words which
 */
export const oneOf =
  (words: readonly string[]): Check =>
  (value, path) => {
    if (!words.includes(value as string)) refuse(path, `one of ${words.join(', ')}`, value);
  };

/**
 * An object whose `kind` is a row of a table and says which fields it has.
 *
 * @param table parameters by kind
 */
export const kinds = (table: Readonly<Record<string, Parameters>>): Check => {
  const kind = oneOf(Object.keys(table));
  const rows = Object.fromEntries(
    Object.entries(table).map(([name, parameters]) => [
      name,
      fields({ kind, ...checksOf(parameters) }),
    ]),
  );
  return (value, path) => {
    const named = (value as Fields | null | undefined)?.kind;
    kind(named, `${path}.kind`);
    rows[named as string]!(value, path);
  };
};
