import type { Parameter } from './parameter.js';

/** Characters of a text at most. */
const LONGEST_TEXT = 300;

const inside = (value: unknown, low: number, high: number): boolean =>
  typeof value === 'number' && value >= low && value <= high;

/**
 * Whether a parameter takes a value.
 *
 * @param parameter which
 * @param value anything
 */
export function fits(parameter: Parameter, value: unknown): boolean {
  switch (parameter.kind) {
    case 'number':
      return (
        inside(value, parameter.low, parameter.high) &&
        (parameter.unit !== 'count' || Number.isInteger(value))
      );
    case 'choice':
      return parameter.words.includes(value as string);
    case 'flag':
      return typeof value === 'boolean';
    case 'text':
      return typeof value === 'string' && value.length <= LONGEST_TEXT;
    case 'numbers':
      return (
        Array.isArray(value) &&
        value.length >= 1 &&
        value.length <= parameter.most &&
        value.every((one) => inside(one, parameter.low, parameter.high))
      );
  }
}

/**
 * What a parameter takes, in words that follow “expected it to be”.
 *
 * @param parameter which
 */
export function expectation(parameter: Parameter): string {
  switch (parameter.kind) {
    case 'number': {
      const { unit, low, high } = parameter;
      return `a ${unit === 'count' ? 'whole ' : ''}number from ${low} to ${high}`;
    }
    case 'choice':
      return `one of ${parameter.words.join(', ')}`;
    case 'flag':
      return 'true or false';
    case 'text':
      return 'a short text';
    case 'numbers':
      return `a list of 1 to ${parameter.most}`;
  }
}
