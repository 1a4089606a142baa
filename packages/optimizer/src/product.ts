import type { Convolution } from './convolution.js';
import type { Writer } from './writer.js';

/**
 * Writes a convolution with a 1 x 1 kernel as a matrix product of positions and filters, `[..., inputs] x [inputs,
 * outputs]`, with the channels last. The runtime arranges the constant right factor once, when it loads the model, and
 * the number of positions need not be a multiple of what it works on together.
 *
 * @param writer where to emit
 * @param convolution with a 1 x 1 kernel and no padding
 * @returns name of the result, the output of the node that was emitted last
 */
export function emitProduct(writer: Writer, convolution: Convolution): string {
  const { node, shape, weights, bias } = convolution;
  const { inputs, outputs, from, strides } = shape;
  let x = node.inputs[0]!;
  if (strides.some((stride) => stride > 1)) {
    const bounds = [[0, 0], from, [2, 3], strides].map((list) => writer.integers(list));
    x = writer.emit('Slice', [x, ...bounds]);
  }
  const turned = new Float32Array(weights.data.length);
  for (let output = 0, at = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      turned[input * outputs + output] = weights.data[at++]!;
    }
  }
  const positions = writer.emit('Transpose', [x], { perm: [0, 2, 3, 1] });
  const filters = writer.constant(turned, [inputs, outputs], 'filters');
  let result = writer.emit('MatMul', [positions, filters]);
  if (bias) result = writer.emit('Add', [result, writer.constant(bias.data, [outputs], 'bias')]);
  return writer.emit('Transpose', [result], { perm: [0, 3, 1, 2] });
}
