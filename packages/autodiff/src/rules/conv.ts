import { filterGradient, spread } from '../convolution.js';
import { geometryOf, groupsOf } from '../geometry.js';
import type { Rules } from '../rule.js';
import { reduce } from '../shaping.js';

/**
 * Conv: y = w * x + bias. dx is the transposed convolution of dy, dw the convolution of x with dy, and the bias gets
 * the sum of dy over batch and positions. The bias itself takes no part in dx.
 */
export const conv: Rules = {
  Conv: (step) => {
    const { b, node, dy } = step;
    const [from, to, kernel] = [step.shape(), b.shape(step.y), step.shape(1)].map((shape) =>
      shape.slice(2),
    ) as [number[], number[], number[]];
    const geometry = geometryOf(node, from, to, kernel);
    const groups = groupsOf(node);
    const axes = [0, ...from.map((_, axis) => axis + 2)];
    return [
      step.needs(0) ? spread(b, dy, step.x(1), geometry, groups) : undefined,
      step.needs(1) ? filterGradient(b, step.x(), dy, geometry, groups) : undefined,
      step.needs(2) ? reduce(b, 'ReduceSum', dy, axes, false) : undefined,
    ];
  },
};
