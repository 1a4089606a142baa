import { choose, compare, multiply } from '../algebra.js';
import type { Rules } from '../rule.js';
import { sumTo } from '../shaping.js';

/** PRelu, y = x above 0, else slope x: dx = dy above 0, else dy slope; the slope gets the sum of dy x where x <= 0. */
export const pRelu: Rules = {
  PRelu: (step) => {
    const { b, dy } = step;
    const [x, slope] = [step.x(0), step.x(1)];
    const above = compare(b, 'Greater', x, 0);
    return [
      step.needs(0) ? choose(b, above, dy, multiply(b, dy, slope)) : undefined,
      step.needs(1)
        ? sumTo(b, choose(b, above, 0, multiply(b, dy, x), x), step.shape(1))
        : undefined,
    ];
  },
};
