import { choose, multiply, subtract, unary } from '../algebra.js';
import type { Rules, Step } from '../rule.js';
import { reduce } from '../shaping.js';
import { Loss } from '../training/losses.js';

function refuseWeights(step: Step): void {
  if (step.needs(2)) step.refuse('the weights of its classes have no derivative here.');
}

/** Losses over classes; `Loss` writes out what they compute. */
export const losses: Rules = {
  /** The cotangent of the log probability of each position's class is minus that of its loss; of others, 0. */
  NegativeLogLikelihoodLoss: (step) => {
    refuseWeights(step);
    const loss = new Loss(step.b, step.node);
    const back = unary(step.b, 'Neg', loss.spread(step.dy));
    return [choose(step.b, loss.hit(), back, 0)];
  },

  /**
   * With p the softmax and y the class, p_k for k != y and minus the *sum of those* for y: p_y - 1 would be rounding noise
   * where the network is sure. The log probabilities, where they are used too, pass theirs as LogSoftmax does.
   */
  SoftmaxCrossEntropyLoss: (step) => {
    refuseWeights(step);
    const { b, node, cotangents } = step;
    const logs = b.furtherOutput(node, 1);
    const p = unary(b, 'Exp', logs);
    let dx: string | undefined;
    const [dLoss, dLogs] = cotangents;
    if (dLoss !== undefined) {
      const loss = new Loss(b, node);
      const hit = loss.hit();
      const others = reduce(b, 'ReduceSum', choose(b, hit, 0, p, p), [1]);
      const slope = choose(b, hit, unary(b, 'Neg', others), p);
      dx = multiply(b, slope, loss.spread(dLoss));
    }
    if (dLogs !== undefined) {
      const through = subtract(b, dLogs, multiply(b, p, reduce(b, 'ReduceSum', dLogs, [1])));
      dx = dx === undefined ? through : b.emit('Add', [dx, through]);
    }
    return [dx];
  },
};
