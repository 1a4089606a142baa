import { floatAttribute, intAttribute, type Node } from '@convlens/onnx';
import { add, divide, multiply, scale, shift, subtract, unary } from '../algebra.js';
import type { GraphBuilder } from '@convlens/onnx';
import type { Step } from '../rule.js';
import { reduce, reshape } from '../shaping.js';

/**
 * Outputs of a BatchNormalization in training mode behind those of ONNX, which its derivative reads: x normalised, and one over
 * the deviation, `[1, channels, 1, ...]`. Only between differentiation and `writeOut`.
 */
const [NORMAL, INVERSE] = [3, 4];

/**
 * Whether a node is a BatchNormalization whose statistics are those of the batch.
 *
 * @param node any node, of version 14 or newer
 */
export function usesBatchStatistics(node: Node): boolean {
  return (
    node.op === 'BatchNormalization' &&
    node.domain === '' &&
    intAttribute(node, 'training_mode', 0) === 1
  );
}

function axesOf(shape: readonly number[]): { others: number[]; perChannel: number[] } {
  return {
    others: shape.flatMap((_, axis) => (axis === 1 ? [] : [axis])),
    perChannel: shape.map((extent, axis) => (axis === 1 ? extent : 1)),
  };
}

/**
 * Batch normalisation with the statistics of the batch, as plain operators: with h = (x - mean) / sqrt(var + eps),
 * y = scale h + bias; running averages r become momentum r + (1 - momentum) times the batch's mean or variance.
 *
 * @param b where to emit
 * @param node the node
 * @returns its outputs, by number
 * @see Ioffe and Szegedy, Batch Normalization, ICML 2015
 */
export function writeBatchNormalization(b: GraphBuilder, node: Node): string[] {
  const [x, gamma, beta, runningMean, runningVariance] = node.inputs as [
    string,
    string,
    string,
    string,
    string,
  ];
  const { others, perChannel } = axesOf(b.shape(x));
  const wide = (name: string): string => reshape(b, name, perChannel);
  const mean = reduce(b, 'ReduceMean', x, others);
  const centred = subtract(b, x, mean);
  const variance = reduce(b, 'ReduceMean', multiply(b, centred, centred), others);
  const deviation = unary(b, 'Sqrt', shift(b, variance, floatAttribute(node, 'epsilon', 1e-5)));
  const inverse = unary(b, 'Reciprocal', deviation);
  const normal = multiply(b, centred, inverse);
  const y = add(b, multiply(b, normal, wide(gamma)), wide(beta));
  const momentum = floatAttribute(node, 'momentum', 0.9);
  const average = (running: string, current: string): string => {
    const flat = reshape(b, current, b.shape(running));
    return add(b, scale(b, running, momentum), scale(b, flat, 1 - momentum));
  };
  const results = [y];
  if (node.outputs[1]) results[1] = average(runningMean, mean);
  if (node.outputs[2]) results[2] = average(runningVariance, variance);
  results[NORMAL] = normal;
  results[INVERSE] = inverse;
  return results;
}

/**
 * The derivative with the statistics of the batch: dbias = sum of dy, dscale = sum of dy h, and, over n numbers a channel,
 * dx = scale / sqrt(var + eps) (dy - dbias / n - h dscale / n).
 *
 * @param step a BatchNormalization in training mode
 */
export function batchStatisticsRule(step: Step): (string | undefined)[] {
  const { b, node, dy } = step;
  if (step.cotangents.slice(1).some(Boolean)) {
    step.refuse('its running averages have no derivative.');
  }
  const shape = step.shape();
  const { others, perChannel } = axesOf(shape);
  const dtype = b.dtype(step.x());
  const normal = b.furtherOutput(node, NORMAL, { dtype, shape });
  const inverse = b.furtherOutput(node, INVERSE, { dtype, shape: perChannel });
  const dBias = reduce(b, 'ReduceSum', dy, others);
  const dScale = reduce(b, 'ReduceSum', multiply(b, dy, normal), others);
  const count = others.reduce((product, axis) => product * shape[axis]!, 1);
  const dx = (): string => {
    const [mean, along] = [dBias, dScale].map((sum) => divide(b, sum, b.number(count, sum)));
    const rest = subtract(b, subtract(b, dy, mean!), multiply(b, normal, along!));
    return multiply(b, rest, multiply(b, inverse, reshape(b, step.x(1), perChannel)));
  };
  return [
    step.needs(0) ? dx() : undefined,
    step.needs(1) ? reshape(b, dScale, step.shape(1)) : undefined,
    step.needs(2) ? reshape(b, dBias, step.shape(2)) : undefined,
  ];
}
