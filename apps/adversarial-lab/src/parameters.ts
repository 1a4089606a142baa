import {
  attackMethods,
  settingOf,
  settingsOf,
  type AttackMethod,
  type NumberParameter,
  type Settings,
} from '@convlens/core';
import { LensError } from '@convlens/onnx';

/**
 * An attack by its id.
 *
 * @throws LensError `E_ARGUMENT` when there is none
 */
export function methodOf(id: string): AttackMethod {
  const method = attackMethods.find((one) => one.id === id);
  if (method) return method;
  throw new LensError('E_ARGUMENT', `There is no attack "${id}" here. Choose one of the list.`);
}

/**
 * Reads `eps:8/255,norm:l2`; what the method does not have is passed over, so that numbers stay when the attack changes.
 *
 * @param method whose parameters
 * @param set the text
 */
function readSet(method: AttackMethod, set: string): Settings {
  const pairs = set.split(',').map((pair) => pair.split(':') as [string, string?]);
  return Object.fromEntries(
    pairs
      .filter(([name, value]) => name in method.parameters && value !== undefined)
      .map(([name, value]) => [name, settingOf(value!)]),
  );
}

/**
 * Writes one parameter into such a text.
 *
 * @param set the text
 * @param name of the parameter
 * @param value as a person writes it; empty for the default
 */
export function writeSet(set: string, name: string, value: string): string {
  const others = set.split(',').filter((pair) => pair !== '' && !pair.startsWith(`${name}:`));
  return [...others, ...(value === '' ? [] : [`${name}:${value}`])].join(',');
}

/**
 * All parameters of a method, with defaults where nothing else was chosen.
 *
 * @param method the method
 * @param set what was chosen
 * @throws LensError `E_ARGUMENT` for a value that it does not take
 */
export const allSettings = (method: AttackMethod, set: string): Settings =>
  settingsOf(method, readSet(method, set));

/**
 * Whether a parameter is shown in grey levels of 255: parts of the pixels' range, unless distance is Euclidean.
 *
 * @param parameter which
 * @param settings of all
 */
export const inGreyLevels = ({ unit }: NumberParameter, settings: Settings): boolean =>
  unit === 'pixels' && settings.norm !== 'l2';

/**
 * A value as a person writes it: `8/255`, or a plain number.
 *
 * @param value the number
 * @param grey whether in grey levels
 */
export function written(value: number, grey: boolean): string {
  const number = (v: number): string => String(Number(v.toPrecision(5)));
  return grey ? `${number(255 * value)}/255` : number(value);
}

/**
 * A difference of pixels in grey levels.
 *
 * @param value in [0, 1]
 */
export const greyLevels = (value: number): string => `${Number((255 * value).toFixed(2))}/255`;
