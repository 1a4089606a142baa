import { formatNumber, formatProbability } from '@convlens/elements';
import type { Recipe } from '@convlens/core';

/**
 * The objective in the words of its technique: a probability, a loss, or the number itself.
 *
 * @param recipe what is made
 * @param value the objective
 * @returns what it is called, and its value
 */
export function inWords(
  { technique }: Recipe,
  value: number,
): readonly [name: string, value: string] {
  if (technique === 'reconstruct') return ['probability', formatProbability(Math.exp(value))];
  if (technique === 'invert') return ['relative loss', formatProbability(Math.max(0, -value))];
  return ['objective', formatNumber(value)];
}
