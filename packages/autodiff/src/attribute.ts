import type { Attribute } from '@convlens/onnx';

/** Attributes of a node by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

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
