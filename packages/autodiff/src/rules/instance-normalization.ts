import { floatAttribute } from '@convlens/onnx';
import { divide, multiply, shift, subtract, unary } from '../algebra.js';
import type { Rules } from '../rule.js';
import { reduce, reshape } from '../shaping.js';

/**
 * InstanceNormalization, y = scale h + bias with h = (x - mean) / sqrt(var + eps), mean and variance over the
 * positions of each channel of each image: with g = dy scale,
 * dx = (g - mean(g) - h mean(g h)) / sqrt(var + eps); dscale = sum of dy h, dbias = sum of dy.
 */
export const instanceNormalization: Rules = {
  InstanceNormalization: (step) => {
    const { b, node, dy } = step;
    const shape = step.shape();
    const axes = shape.slice(2).map((_, axis) => axis + 2);
    const others = [0, ...axes];
    const mean = (x: string): string => reduce(b, 'ReduceMean', x, axes);
    const centred = subtract(b, step.x(), mean(step.x()));
    const variance = mean(multiply(b, centred, centred));
    const deviation = unary(b, 'Sqrt', shift(b, variance, floatAttribute(node, 'epsilon', 1e-5)));
    const normal = divide(b, centred, deviation);
    const inner = (): string => {
      const perChannel = shape.map((extent, axis) => (axis === 1 ? extent : 1));
      const g = multiply(b, dy, reshape(b, step.x(1), perChannel));
      const along = multiply(b, normal, mean(multiply(b, g, normal)));
      return divide(b, subtract(b, subtract(b, g, mean(g)), along), deviation);
    };
    return [
      step.needs(0) ? inner() : undefined,
      step.needs(1) ? reduce(b, 'ReduceSum', multiply(b, dy, normal), others, false) : undefined,
      step.needs(2) ? reduce(b, 'ReduceSum', dy, others, false) : undefined,
    ];
  },
};
