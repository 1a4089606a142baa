import { choose } from '../algebra.js';
import type { Rules } from '../rule.js';
import { sumTo } from '../shaping.js';

/** Where, y = test ? a : c: da = dy where the test holds, dc = dy where it does not, summed over what was repeated. */
export const where: Rules = {
  Where: (step) => {
    const { b, dy } = step;
    const test = step.x(0);
    return [
      undefined,
      step.needs(1) ? sumTo(b, choose(b, test, dy, 0), step.shape(1)) : undefined,
      step.needs(2) ? sumTo(b, choose(b, test, 0, dy, dy), step.shape(2)) : undefined,
    ];
  },
};
