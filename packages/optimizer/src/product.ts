import { float32, type GraphBuilder } from '@convlens/onnx';
import type { Convolution } from './convolution.js';

/**
 * Writes a convolution with a 1 x 1 kernel as a matrix product of positions and filters, `[..., inputs] x [inputs,
 * outputs]`, with the channels last. The runtime arranges the constant right factor once, when it loads the model, and
 * the number of positions need not be a multiple of what it works on together.
 *
 * @param b where to emit
 * @param convolution with a 1 x 1 kernel and no padding
 * @returns name of the result, the output of the node that was emitted last
 */
export function emitProduct(b: GraphBuilder, convolution: Convolution): string {
  const { node, shape, weights, bias } = convolution;
  const { inputs, outputs, from, strides } = shape;
  let x = node.inputs[0]!;
  if (strides.some((stride) => stride > 1)) {
    x = b.emit('Slice', [x], { starts: [0, 0], ends: from, axes: [2, 3], steps: strides });
  }
  const turned = new Float32Array(weights.data.length);
  for (let output = 0, at = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      turned[input * outputs + output] = weights.data[at++]!;
    }
  }
  const positions = b.emit('Transpose', [x], { perm: [0, 2, 3, 1] });
  const filters = b.constant(float32(turned, [inputs, outputs]), `${b.scope}/filters`);
  let result = b.emit('MatMul', [positions, filters]);
  if (bias) {
    result = b.emit('Add', [result, b.constant(float32(bias.data, [outputs]), `${b.scope}/bias`)]);
  }
  return b.emit('Transpose', [result], { perm: [0, 3, 1, 2] });
}
