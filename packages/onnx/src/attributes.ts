import { LensError } from './errors.js';
import type { Node } from './graph.js';

interface ValueOf {
  int: number;
  ints: readonly number[];
  float: number;
  string: string;
}

function attribute<T extends keyof ValueOf, F>(
  node: Node,
  name: string,
  type: T,
  fallback: F,
): ValueOf[T] | F {
  const found = node.attributes[name];
  if (!found) return fallback;
  if (found.type === type) return found.value as ValueOf[T];
  throw new LensError(
    'E_ONNX_INVALID',
    `${node.op} "${node.name}": the attribute ${name} must be of type ${type}, but is of type ${found.type}.`,
  );
}

/**
 * An integer attribute.
 *
 * @param node the node
 * @param name the attribute
 * @param fallback what it is when the node does not have it
 * @throws LensError `E_ONNX_INVALID` when it is of another type
 */
export function intAttribute<F extends number | undefined>(
  node: Node,
  name: string,
  fallback: F,
): number | F {
  return attribute(node, name, 'int', fallback);
}

/**
 * An attribute that is a list of integers.
 *
 * @param node the node
 * @param name the attribute
 * @param fallback what it is when the node does not have it
 * @throws LensError `E_ONNX_INVALID` when it is of another type
 */
export function intsAttribute<F extends readonly number[] | undefined>(
  node: Node,
  name: string,
  fallback: F,
): readonly number[] | F {
  return attribute(node, name, 'ints', fallback);
}

/**
 * A number attribute.
 *
 * @param node the node
 * @param name the attribute
 * @param fallback what it is when the node does not have it
 * @throws LensError `E_ONNX_INVALID` when it is of another type
 */
export function floatAttribute<F extends number | undefined>(
  node: Node,
  name: string,
  fallback: F,
): number | F {
  return attribute(node, name, 'float', fallback);
}

/**
 * A text attribute.
 *
 * @param node the node
 * @param name the attribute
 * @param fallback what it is when the node does not have it
 * @throws LensError `E_ONNX_INVALID` when it is of another type
 */
export function stringAttribute<F extends string | undefined>(
  node: Node,
  name: string,
  fallback: F,
): string | F {
  return attribute(node, name, 'string', fallback);
}
