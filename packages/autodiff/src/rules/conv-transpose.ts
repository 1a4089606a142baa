import { convolve, filterGradient } from '../convolution.js';
import { groupsOf, transposedGeometryOf } from '../geometry.js';
import type { Rules } from '../rule.js';
import { reduce } from '../shaping.js';

/**
 * ConvTranspose: the adjoint of a convolution, so dx is that convolution of dy, with the weights as they are; in dw,
 * x and dy have exchanged their roles.
 */
export const convTranspose: Rules = {
  ConvTranspose: (step) => {
    const { b, node, dy } = step;
    const [input, output, kernel] = [step.shape(), b.shape(step.y), step.shape(1)].map((shape) =>
      shape.slice(2),
    ) as [number[], number[], number[]];
    const geometry = transposedGeometryOf(node, input, output, kernel);
    const groups = groupsOf(node);
    const axes = [0, ...input.map((_, axis) => axis + 2)];
    return [
      step.needs(0) ? convolve(b, dy, step.x(1), geometry, groups) : undefined,
      step.needs(1) ? filterGradient(b, dy, step.x(), geometry, groups) : undefined,
      step.needs(2) ? reduce(b, 'ReduceSum', dy, axes, false) : undefined,
    ];
  },
};
