import { choose, compare, divide, sum } from '../algebra.js';
import type { Rule, Rules } from '../rule.js';
import { expand, sumTo } from '../shaping.js';

/** Inputs that share the extreme share the cotangent. */
const extreme: Rule = (step) => {
  const { b, dy, y, node } = step;
  const shape = b.shape(y);
  if (node.inputs.length === 1) return [dy];
  const hits = node.inputs.map((name) => compare(b, 'Equal', name, y));
  const counts = hits.map((hit) => expand(b, choose(b, hit, 1, 0, y), shape));
  const share = divide(b, dy, sum(b, counts));
  return node.inputs.map((_, index) =>
    step.needs(index) ? sumTo(b, choose(b, hits[index]!, share, 0), step.shape(index)) : undefined,
  );
};

/**
 * Max and Min of several inputs, broadcast: the cotangent goes to the input that is the extreme; inputs that tie get
 * equal shares, as in PyTorch.
 */
export const extremes: Rules = { Max: extreme, Min: extreme };
