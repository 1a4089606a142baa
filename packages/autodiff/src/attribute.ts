import type { Attribute } from '@convlens/onnx';

/**
 * An integer attribute.
 *
 * @param value the integer
 */
export function int(value: number): Attribute {
  return { type: 'int', value };
}

/**
 * An attribute that is a list of integers.
 *
 * @param value the integers
 */
export function ints(value: readonly number[]): Attribute {
  return { type: 'ints', value };
}

/**
 * A number attribute.
 *
 * @param value the number
 */
export function float(value: number): Attribute {
  return { type: 'float', value };
}

/**
 * A text attribute.
 *
 * @param value the text
 */
export function text(value: string): Attribute {
  return { type: 'string', value };
}
