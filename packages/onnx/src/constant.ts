import { LensError } from './errors.js';
import type { Node } from './graph.js';
import type { TensorData } from './tensor.js';

/**
 * The tensor of a `Constant` node, in each of the forms the operator has.
 *
 * @param node a node whose operator is Constant
 * @throws LensError `E_ONNX_INVALID` when it has none of the forms
 * @see https://onnx.ai/onnx/operators/onnx__Constant.html
 */
export function constantOf(node: Node): TensorData {
  const attribute = Object.entries(node.attributes).find(([key]) => key.startsWith('value'))?.[1];
  switch (attribute?.type) {
    case 'tensor':
      return attribute.value;
    case 'float':
      return { dtype: 'float32', shape: [], data: Float32Array.of(attribute.value) };
    case 'floats':
      return {
        dtype: 'float32',
        shape: [attribute.value.length],
        data: Float32Array.from(attribute.value),
      };
    case 'int':
      return { dtype: 'int64', shape: [], data: BigInt64Array.of(toInt64(attribute.value)) };
    case 'ints':
      return {
        dtype: 'int64',
        shape: [attribute.value.length],
        data: BigInt64Array.from(attribute.value, toInt64),
      };
    case 'string':
      return { dtype: 'string', shape: [], data: [attribute.value] };
    case 'strings':
      return { dtype: 'string', shape: [attribute.value.length], data: attribute.value };
    case undefined:
      throw new LensError('E_ONNX_INVALID', `The Constant node "${node.name}" has no value.`);
  }
}

/**
 * A number as int64. What lies beyond the type's range, as 2^63 does that "to the end" becomes when it is read as a
 * number, is its nearest end.
 *
 * @param value an integer
 */
export function toInt64(value: number): bigint {
  const limit = 2n ** 63n;
  const big = BigInt(value);
  return big >= limit ? limit - 1n : big < -limit ? -limit : big;
}
