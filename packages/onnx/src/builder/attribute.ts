import { LensError } from '../errors.js';
import type { Attribute } from '../graph.js';
import { typeOf, type Moved, type Parameter } from '../ops/facts.js';
import type { TensorData } from '../tensor.js';

/** What a node is told, as a plain value: whether 1 is an integer follows from the operator. */
export type Plain = number | boolean | string | readonly number[] | readonly string[] | TensorData;

/** What a node is told by name; what is `undefined` is not said. */
export type Parameters = Readonly<Record<string, Plain | undefined>>;

/**
 * Whether a parameter is an input from some version of the operator set on.
 *
 * @param parameter from an operator's row
 */
export function isMoved(parameter: Parameter): parameter is Moved {
  return typeof parameter === 'object' && 'input' in parameter;
}

function shown(value: Plain): string {
  return typeof value === 'object' && 'dtype' in value ? 'a tensor' : String(value);
}

/**
 * A plain value as an attribute of the type that the operator's row says.
 *
 * @param where operator and attribute, for messages
 * @param parameter from the operator's row
 * @param value the value
 * @throws LensError `E_ARGUMENT` for a value of another type
 */
export function attributeOf(where: string, parameter: Parameter, value: Plain): Attribute {
  const type = isMoved(parameter) && parameter.type === 'bool' ? 'bool' : typeOf(parameter);
  if (Array.isArray(parameter) && !parameter.includes(value)) {
    throw new LensError(
      'E_ARGUMENT',
      `${where} must be one of ${parameter.join(', ')}, got ${shown(value)}.`,
    );
  }
  const whole = (each: unknown): boolean => Number.isInteger(each);
  const number = (each: unknown): boolean => typeof each === 'number';
  const text = (each: unknown): boolean => typeof each === 'string';
  const list = Array.isArray(value) ? (value as readonly unknown[]) : undefined;
  const fits = {
    int: () => whole(value),
    bool: () => typeof value === 'boolean',
    float: () => number(value),
    string: () => text(value),
    tensor: () => typeof value === 'object' && !list,
    ints: () => list?.every(whole),
    floats: () => list?.every(number),
    strings: () => list?.every(text),
  }[type]();
  if (!fits) {
    throw new LensError('E_ARGUMENT', `${where} must be of type ${type}, got ${shown(value)}.`);
  }
  return { type: typeOf(parameter), value } as Attribute;
}
