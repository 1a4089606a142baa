import { floatAttribute, intAttribute, intsAttribute } from '@convlens/onnx';
import { choose, compare, divide, multiply, shift, subtract, unary, withSign } from '../algebra.js';
import type { GraphBuilder } from '@convlens/onnx';
import type { Rules, Step } from '../rule.js';
import { fromFront, reduce, reshape, sumTo } from '../shaping.js';

/** A value h = (x - mean) / deviation and what its cotangent becomes. */
interface Standard {
  readonly normal: string;
  /** The cotangent of x from that of h. */
  readonly back: (g: string) => string;
}

/**
 * h = (x - mean(x)) / sqrt(var + eps), or h = x / sqrt(mean(x^2) + eps) where nothing is centred:
 * dx = (g - mean(g) - h mean(g h)) / the root, without mean(g) where nothing is centred.
 */
function standard(
  b: GraphBuilder,
  x: string,
  axes: readonly number[],
  epsilon: number,
  form: 'centred' | 'scaled' = 'centred',
): Standard {
  const mean = (of: string): string => reduce(b, 'ReduceMean', of, axes);
  const centred = form === 'centred' ? subtract(b, x, mean(x)) : x;
  const square = mean(multiply(b, centred, centred));
  const deviation = unary(b, 'Sqrt', shift(b, square, epsilon));
  const normal = divide(b, centred, deviation);
  return {
    normal,
    back: (g) => {
      const rest = form === 'centred' ? subtract(b, g, mean(g)) : g;
      const along = multiply(b, normal, mean(multiply(b, g, normal)));
      return divide(b, subtract(b, rest, along), deviation);
    },
  };
}

function axesFrom(first: number, rank: number): number[] {
  return Array.from({ length: rank - first }, (_, i) => first + i);
}

/** y = scale h + bias: the cotangents of x, scale and bias, scale and bias having the shape `wide` next to x. */
function scaled(
  step: Step,
  { normal, back }: Standard,
  wide: readonly number[],
): (string | undefined)[] {
  const { b, dy } = step;
  const along = (index: number, value: string): string =>
    reshape(b, sumTo(b, value, wide), step.shape(index));
  return [
    step.needs(0) ? back(multiply(b, dy, reshape(b, step.x(1), wide))) : undefined,
    step.needs(1) ? along(1, multiply(b, dy, normal)) : undefined,
    step.needs(2) ? along(2, dy) : undefined,
  ];
}

function layer(form: 'centred' | 'scaled'): (step: Step) => (string | undefined)[] {
  return (step) => {
    if (step.cotangents.slice(1).some(Boolean)) {
      step.refuse('only its first output can be differentiated.');
    }
    const { b, node } = step;
    const shape = step.shape();
    const first = fromFront(intAttribute(node, 'axis', -1), shape.length);
    const epsilon = floatAttribute(node, 'epsilon', 1e-5);
    return scaled(
      step,
      standard(b, step.x(), axesFrom(first, shape.length), epsilon, form),
      // Fewer axes than x are broadcast from behind.
      step.shape(1),
    );
  };
}

/**
 * Normalisations y = scale h + bias with h = (x - mean) / sqrt(var + eps). With g = dy scale and means over what is
 * normalised together, dx = (g - mean(g) - h mean(g h)) / sqrt(var + eps); dscale = sum of dy h, dbias = sum of dy.
 * What is normalised together: the positions of a channel (InstanceNormalization, Ulyanov et al. 2016), of a group of
 * channels (GroupNormalization, Wu and He 2018), all axes from one on (LayerNormalization, Ba et al. 2016; without the
 * mean RMSNormalization, Zhang and Sennrich 2019), the axes of a list (MeanVarianceNormalization).
 */
export const normalization: Rules = {
  InstanceNormalization: (step) => {
    const shape = step.shape();
    const perChannel = shape.map((extent, axis) => (axis === 1 ? extent : 1));
    const epsilon = floatAttribute(step.node, 'epsilon', 1e-5);
    const made = standard(step.b, step.x(), axesFrom(2, shape.length), epsilon);
    return scaled(step, made, perChannel);
  },

  /** Scale and bias have a number a group before version 21, then a number a channel. */
  GroupNormalization: (step) => {
    const { b, node, dy } = step;
    const shape = step.shape();
    const [batch, channels] = shape as [number, number];
    const groups = intAttribute(node, 'num_groups', 1);
    const split = [batch, groups, channels / groups, ...shape.slice(2)];
    const epsilon = floatAttribute(node, 'epsilon', 1e-5);
    const made = standard(b, reshape(b, step.x(), split), axesFrom(2, split.length), epsilon);
    const each = step.shape(1)[0] === channels ? channels / groups : 1;
    const wide = [1, groups, each, ...shape.slice(2).map(() => 1)];
    const spread = reshape(b, dy, split);
    const sums = (index: number, value: string): string =>
      reshape(b, sumTo(b, value, wide), step.shape(index));
    const g = multiply(b, spread, reshape(b, step.x(1), wide));
    return [
      step.needs(0) ? reshape(b, made.back(g), shape) : undefined,
      step.needs(1) ? sums(1, multiply(b, spread, made.normal)) : undefined,
      step.needs(2) ? sums(2, spread) : undefined,
    ];
  },

  LayerNormalization: layer('centred'),
  RMSNormalization: layer('scaled'),

  MeanVarianceNormalization: (step) => {
    const rank = step.shape().length;
    const axes = intsAttribute(step.node, 'axes', undefined) ?? [0, 2, 3];
    // The definition adds 1e-9 to the deviation, which is below the rounding of any deviation that matters.
    const { back } = standard(
      step.b,
      step.x(),
      axes.map((axis) => fromFront(axis, rank)),
      0,
    );
    return [back(step.dy)];
  },

  /** y = x / n with n = sum of |x| or the square root of the sum of squares: dx = (dy - n' sum of dy y) / n. */
  LpNormalization: (step) => {
    const { b, node, dy, y } = step;
    const x = step.x();
    const axis = [fromFront(intAttribute(node, 'axis', -1), step.shape().length)];
    const total = (of: string): string => reduce(b, 'ReduceSum', of, axis);
    const one = intAttribute(node, 'p', 2) === 1;
    const norm = one ? total(unary(b, 'Abs', x)) : unary(b, 'Sqrt', total(multiply(b, x, x)));
    const length = choose(b, compare(b, 'Greater', norm, 0), norm, 1);
    const along = total(multiply(b, dy, y));
    const slope = one ? withSign(b, x, along) : multiply(b, y, along);
    return [divide(b, subtract(b, dy, slope), length)];
  },
};
