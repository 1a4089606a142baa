import { divide, multiply, scale, unary } from '../algebra.js';
import type { Rule, Rules, Step } from '../rule.js';
import { sumTo } from '../shaping.js';

/** The cotangent of an input: what the input's partial derivative makes of dy, summed over what broadcasting repeated. */
function each(step: Step, index: number, partial: () => string): string | undefined {
  return step.needs(index) ? sumTo(step.b, partial(), step.shape(index)) : undefined;
}

function linear(weight: (step: Step) => number): Rule {
  return (step) => {
    const { b, dy, node } = step;
    const share = scale(b, dy, weight(step));
    return node.inputs.map((_, index) => each(step, index, () => share));
  };
}

/**
 * Arithmetic of several inputs, which are broadcast: each cotangent is summed over the axes along which its input was
 * repeated.
 */
export const arithmetic: Rules = {
  Add: linear(() => 1),
  Sum: linear(() => 1),
  Mean: linear(({ node }) => 1 / node.inputs.length),
  Sub: (step) => [
    each(step, 0, () => step.dy),
    // Summed first: there is less to negate.
    step.needs(1) ? unary(step.b, 'Neg', sumTo(step.b, step.dy, step.shape(1))) : undefined,
  ],
  Mul: (step) => [
    each(step, 0, () => multiply(step.b, step.dy, step.x(1))),
    each(step, 1, () => multiply(step.b, step.dy, step.x(0))),
  ],
  /** y = a / c: da = dy / c, dc = -dy y / c. */
  Div: (step) => {
    const { b, dy } = step;
    const da = (): string => divide(b, dy, step.x(1));
    return [each(step, 0, da), each(step, 1, () => unary(b, 'Neg', multiply(b, da(), step.y)))];
  },
};
