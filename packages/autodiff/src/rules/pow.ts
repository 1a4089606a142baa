import { choose, compare, multiply, power, scale, shift, unary } from '../algebra.js';
import type { Rules } from '../rule.js';
import { sumTo } from '../shaping.js';

/**
 * Pow, y = x^e: dx = dy e x^(e - 1), de = dy y log(x) where x > 0 and 0 elsewhere. Exponents that are one constant
 * number avoid the general power where they can.
 */
export const pow: Rules = {
  Pow: (step) => {
    const { b, dy } = step;
    const [x, exponent] = [step.x(0), step.x(1)];
    const constant = b.elements(exponent);
    const number = constant?.data.length === 1 ? Number(constant.data[0]) : undefined;
    const slope = (): string => {
      if (number !== undefined && constant?.dtype !== 'float16') {
        return multiply(b, scale(b, dy, number), power(b, x, b.number(number - 1, x)));
      }
      return multiply(b, multiply(b, dy, exponent), power(b, x, shift(b, exponent, -1)));
    };
    const byExponent = (): string => {
      const log = choose(b, compare(b, 'Greater', x, 0), unary(b, 'Log', x), 0);
      return multiply(b, multiply(b, dy, step.y), log);
    };
    return [
      step.needs(0) ? sumTo(b, number === 0 ? scale(b, dy, 0) : slope(), step.shape(0)) : undefined,
      step.needs(1) ? sumTo(b, byExponent(), step.shape(1)) : undefined,
    ];
  },
};
