import { elementCount, floatAttribute, intAttribute } from '@convlens/onnx';
import { divide, multiply, power, scale, shift, subtract } from '../algebra.js';
import type { Rules, Step } from '../rule.js';
import { reshape } from '../shaping.js';

/** The mean of each channel and its neighbours: `low` before, `high` behind; missing channels count as zeros. */
function neighbourMean(step: Step, x: string, low: number, high: number): string {
  const { b } = step;
  const shape = b.shape(x);
  const [batch, channels, ...spatial] = shape as [number, number, ...number[]];
  const flat = reshape(b, x, [batch, 1, channels, elementCount(spatial)]);
  const mean = b.emit('AveragePool', [flat], {
    count_include_pad: 1,
    kernel_shape: [low + high + 1, 1],
    pads: [low, 0, high, 0],
    strides: [1, 1],
  });
  return reshape(b, mean, shape);
}

/**
 * LRN, y_i = x_i s_i^-beta with s_i = bias + alpha / n sum of x_j^2 over the n channels around i:
 * dx_i = dy_i s_i^-beta - 2 alpha beta / n x_i sum of dy_j y_j / s_j over the channels j whose neighbour i is.
 * The sums over channels are average poolings of `[batch, 1, channels, positions]`, which every backend has. With the
 * option `lrn: 'identity'` the signal passes unchanged, as many ports of the deconvnet have it.
 *
 * @see Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep Convolutional Neural Networks, 2012, 3.3
 */
export const localResponse: Rules = {
  LRN: (step) => {
    const { b, node, dy, y } = step;
    if (step.options.lrn === 'identity') return [dy];
    const x = step.x();
    const size = intAttribute(node, 'size', 1);
    const alpha = floatAttribute(node, 'alpha', 1e-4);
    const beta = floatAttribute(node, 'beta', 0.75);
    const [low, high] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
    const squares = neighbourMean(step, multiply(b, x, x), low, high);
    const s = shift(b, scale(b, squares, alpha), floatAttribute(node, 'bias', 1));
    const direct = multiply(b, dy, power(b, s, b.number(-beta, x)));
    const through = neighbourMean(step, divide(b, multiply(b, dy, y), s), high, low);
    return [subtract(b, direct, multiply(b, scale(b, x, 2 * alpha * beta), through))];
  },
};
