import { floatAttribute, float16ToFloat32, type TensorData } from '@convlens/onnx';
import { divide, multiply, scale, shift, subtract, unary } from '../algebra.js';
import type { Rules, Step } from '../rule.js';
import { reduce, reshape } from '../shaping.js';
import { batchStatisticsRule, usesBatchStatistics } from '../training/batch-statistics.js';

/**
 * BatchNormalization with fixed statistics, y = scale (x - mean) / sqrt(var + eps) + bias: linear in x, so
 * dx = dy scale / sqrt(var + eps); dscale = sum of dy (x - mean) / sqrt(var + eps), dbias = sum of dy,
 * dmean = -sum of dx, dvar = -(dscale scale) / (2 (var + eps)). The factor is computed here when all of it is
 * constant. In training mode, where the statistics are those of the batch, see `batchStatisticsRule`.
 */
export const batchNormalization: Rules = {
  BatchNormalization: (step) => {
    const { b, node, dy } = step;
    if (usesBatchStatistics(node)) return batchStatisticsRule(step);
    const shape = step.shape();
    const perChannel = shape.map((extent, axis) => (axis === 1 ? extent : 1));
    const channels = [shape[1]!];
    const axes = shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
    const total = (x: string): string => reshape(b, reduce(b, 'ReduceSum', x, axes), channels);
    const spread = (): string => shift(b, step.x(4), floatAttribute(node, 'epsilon', 1e-5));
    const factor = (): string =>
      constantFactor(step, perChannel) ??
      reshape(b, divide(b, step.x(1), unary(b, 'Sqrt', spread())), perChannel);
    const dScale = (): string => {
      const centred = subtract(b, step.x(), reshape(b, step.x(3), perChannel));
      return divide(b, total(multiply(b, dy, centred)), unary(b, 'Sqrt', spread()));
    };
    return [
      step.needs(0) ? multiply(b, dy, factor()) : undefined,
      step.needs(1) ? dScale() : undefined,
      step.needs(2) ? total(dy) : undefined,
      step.needs(3) ? unary(b, 'Neg', total(multiply(b, dy, factor()))) : undefined,
      step.needs(4)
        ? scale(b, divide(b, multiply(b, dScale(), step.x(1)), spread()), -0.5)
        : undefined,
    ];
  },
};

function constantFactor(step: Step, shape: readonly number[]): string | undefined {
  const { b, node } = step;
  const [scales, variances] = [b.elements(step.x(1)), b.elements(step.x(4))];
  if (!scales || !variances) return undefined;
  const epsilon = floatAttribute(node, 'epsilon', 1e-5);
  const variance = plain(variances);
  const factor = Float32Array.from(plain(scales), (s, c) => s / Math.sqrt(variance[c]! + epsilon));
  return b.numbers(factor, shape, step.x(1), `${node.name}_factor`);
}

function plain({ dtype, data }: TensorData): ArrayLike<number> {
  return dtype === 'float16' ? float16ToFloat32(data as Uint16Array) : (data as Float32Array);
}
