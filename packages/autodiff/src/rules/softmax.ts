import { intAttribute } from '@convlens/onnx';
import { multiply, subtract, unary } from '../algebra.js';
import type { Rules, Step } from '../rule.js';
import { fromFront, reduce } from '../shaping.js';

function total(step: Step, x: string): string {
  const axis = fromFront(intAttribute(step.node, 'axis', -1), step.shape().length);
  return reduce(step.b, 'ReduceSum', x, [axis]);
}

/** Softmax and LogSoftmax along an axis. */
export const softmax: Rules = {
  /** y = exp(x) / sum of exp(x): dx = y (dy - sum of y dy). */
  Softmax: (step) => {
    const { b, dy, y } = step;
    return [multiply(b, y, subtract(b, dy, total(step, multiply(b, y, dy))))];
  },
  /** y = x - log of the sum of exp(x): dx = dy - exp(y) sum of dy. */
  LogSoftmax: (step) => {
    const { b, dy, y } = step;
    return [subtract(b, dy, multiply(b, unary(b, 'Exp', y), total(step, dy)))];
  },
};
