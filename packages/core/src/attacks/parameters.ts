import { attackNorms } from './ball.js';
import { attackLosses } from './losses.js';
import type { ChoiceParameter, NumberParameter, Settings } from '../schema/parameter.js';

/** How distance is measured. */
export const norm: ChoiceParameter<(typeof attackNorms)[number]> = {
  kind: 'choice',
  title: 'Norm',
  words: attackNorms,
};

/** What is climbed. */
export const loss: ChoiceParameter<(typeof attackLosses)[number]> = {
  kind: 'choice',
  title: 'Loss',
  words: attackLosses,
};

/** Radius of the ball: 8 grey levels, or a distance of 1. */
export const eps: NumberParameter = {
  kind: 'number',
  title: 'Epsilon',
  unit: 'pixels',
  fallback: (chosen) => (chosen.norm === 'l2' ? 1 : 8 / 255),
  low: 0,
  high: 1000,
};

/**
 * Length of a step as a part of epsilon.
 *
 * @param part from the settings before it
 */
export function stepLength(part: (chosen: Settings) => number): NumberParameter {
  return {
    kind: 'number',
    title: 'Step',
    unit: 'pixels',
    fallback: (chosen) => Number(chosen.eps) * part(chosen),
    low: 0,
    high: 1000,
  };
}

/**
 * A number of times.
 *
 * @param title for people
 * @param fallback default
 * @param low least
 */
export function times(title: string, fallback: number, low = 1): NumberParameter {
  return { kind: 'number', title, unit: 'count', fallback, low, high: 1e6 };
}

/**
 * A plain number.
 *
 * @param title for people
 * @param fallback default
 * @param low least
 * @param high most
 */
export function plain(title: string, fallback: number, low: number, high: number): NumberParameter {
  return { kind: 'number', title, unit: 'none', fallback, low, high };
}
