import { both, choose, compare } from '../algebra.js';
import { reluRules } from '../relu-rules.js';
import type { Rule, Rules, Step } from '../rule.js';
import { reshape } from '../shaping.js';

/** The signal below a rectifier, by the rule that was chosen. */
const rectify = ({ b, dy, options }: Step, open: () => string): string =>
  reluRules[options.rule](b, dy, open);

const relu: Rule = (step) => [rectify(step, () => compare(step.b, 'Greater', step.y, 0))];

/**
 * Clip: dy where the output lies strictly between the bounds. With a lower bound of 0 it is a rectifier (ReLU6) and
 * follows the rules of Relu. A bound gets the sum of dy where it took effect.
 */
const clip: Rule = (step) => {
  const { b, dy, y, node } = step;
  const [low, high] = [1, 2].map((index) => node.inputs[index] ?? '') as [string, string];
  const open = (): string => {
    const above = low && compare(b, 'Greater', y, low);
    const below = high && compare(b, 'Less', y, high);
    return above && below ? both(b, above, below) : above || below;
  };
  const bound = low ? b.elements(low) : undefined;
  const isRectifier = bound !== undefined && Number(bound.data[0]) === 0;
  const beyond = (op: 'Less' | 'Greater', index: number, name: string): string | undefined => {
    if (!step.needs(index)) return undefined;
    const cut = choose(b, compare(b, op, step.x(), name), dy, 0);
    return reshape(b, b.emit('ReduceSum', [cut], { keepdims: 0 }), b.shape(name));
  };
  let dx: string | undefined;
  if (step.needs(0)) {
    if (isRectifier) dx = rectify(step, open);
    else dx = low || high ? choose(b, open(), dy, 0) : dy;
  }
  return [dx, beyond('Less', 1, low), beyond('Greater', 2, high)];
};

/**
 * Rectifiers, by the rules of `reluRules`. The mask is read off the output: y > 0 exactly where v > 0. Other activations
 * (LeakyRelu, PRelu, Elu, ...) are differentiated under every rule.
 *
 * @see Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, 2013, section 2.1
 * @see Springenberg, Dosovitskiy, Brox and Riedmiller, Striving for Simplicity, 2014, section 3.4
 */
export const rectifiers: Rules = { Relu: relu, Clip: clip };
