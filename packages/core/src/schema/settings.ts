import { LensError } from '@convlens/onnx';
import { expectation, fits } from './fits.js';
import type { Parameter, Parameters, Setting, Settings, SettingsOf } from './parameter.js';

/**
 * A value as people write it: `8/255`, a number, or a word.
 *
 * @param text what was written
 */
export function settingOf(text: string): number | string {
  const fraction = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(text);
  if (fraction) return Number(fraction[1]) / Number(fraction[2]);
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}

/** What a parameter is when nothing is said. */
function fallbackOf(parameter: Parameter, chosen: Readonly<Record<string, Setting>>): Setting {
  if (parameter.kind === 'choice') return parameter.words[0];
  if (parameter.kind === 'flag') return false;
  const { fallback } = parameter;
  return typeof fallback === 'function' ? fallback(chosen as Settings) : fallback;
}

/**
 * The values of all parameters: what is given, and defaults for the rest. Nothing is checked.
 *
 * @param parameters the schema
 * @param given some of them; more is passed over
 */
export function filled<P extends Parameters>(parameters: P, given: object = {}): SettingsOf<P> {
  const chosen: Record<string, Setting> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = (given as Readonly<Record<string, Setting | undefined>>)[name];
    chosen[name] = value ?? fallbackOf(parameter, chosen);
  }
  return chosen as SettingsOf<P>;
}

/**
 * The values of a method's parameters: what is given, checked, and defaults for the rest.
 *
 * @param method its title, for messages, and its parameters
 * @param given some of its parameters
 * @throws LensError `E_ARGUMENT` for one that it does not have, or a value that it does not take
 */
export function settingsOf<P extends Parameters>(
  { title, parameters }: { readonly title: string; readonly parameters: P },
  given: Settings = {},
): SettingsOf<P> {
  for (const name of Object.keys(given)) {
    if (name in parameters) continue;
    const known = Object.keys(parameters).join(', ');
    throw new LensError(
      'E_ARGUMENT',
      `${title} has no parameter "${name}". It takes ${known || 'none'}.`,
    );
  }
  const chosen = filled(parameters, given);
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = chosen[name];
    if (fits(parameter, value)) continue;
    const wanted =
      parameter.kind === 'choice' ? parameter.words.join(' or ') : expectation(parameter);
    const got = parameter.kind === 'choice' ? `"${String(value)}"` : String(value);
    throw new LensError('E_ARGUMENT', `${title}: expected ${name} to be ${wanted}, got ${got}.`);
  }
  return chosen;
}
