import type { Parameter, Parameters, Settings } from '@convlens/core';
import { UsageError, type Given, type OptionTable } from '../arguments.js';

/** `octaveScale` as an option: `octave-scale`. */
const optionOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * Options for parameters of a schema.
 *
 * @param parameters those that have an option
 */
export const optionsFor = (parameters: Parameters): OptionTable =>
  Object.fromEntries(
    Object.keys(parameters).map((name) => [optionOf(name), { type: 'string' } as const]),
  );

/**
 * What is said of them in the usage: `[--octaves N] [--octave-scale X]`.
 *
 * @param parameters those that have an option
 */
export const usageOf = (parameters: Parameters): string =>
  Object.entries(parameters)
    .map(([name, parameter]) => `[--${optionOf(name)} ${formOf(parameter)}]`)
    .join(' ');

function formOf(parameter: Parameter): string {
  if (parameter.kind === 'choice') return parameter.words.join('|');
  return parameter.kind === 'number' && parameter.unit === 'count' ? 'N' : 'X';
}

/** Words as people list them: `noise, grey or image`. */
const either = (words: readonly string[]): string =>
  `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

/**
 * The values that were given. Their ends are checked with the recipe.
 *
 * @param given the arguments
 * @param parameters those that have an option
 * @throws UsageError for what is no number, or none of the words
 */
export function readOptions(given: Given, parameters: Parameters): Settings {
  const found: Record<string, number | string> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const option = optionOf(name);
    let value: number | string | undefined;
    if (parameter.kind === 'choice') {
      value = given.text(option);
      if (value !== undefined && !parameter.words.includes(value)) {
        throw new UsageError(`--${option} is ${either(parameter.words)}, got "${value}"`);
      }
    } else if (parameter.kind === 'number' && parameter.unit === 'count') {
      value = given.count(option);
    } else value = given.number(option);
    if (value !== undefined) found[name] = value;
  }
  return found;
}
