import { intAttribute, intsAttribute, stringAttribute, type GraphBuilder } from '@convlens/onnx';
import { choose, compare, divide, multiply, power, unary, withSign } from '../algebra.js';
import { geometryOf, kernelOf, overhang } from '../geometry.js';
import type { Rules } from '../rule.js';
import { expand } from '../shaping.js';
import { backFromWindows } from './average-pool.js';

/** dy y^(1-p), and sign(x) |x|^(p-1) times what that became at each position. */
function powers(
  b: GraphBuilder,
  p: number,
  dy: string,
  y: string,
): { share: string; at: (x: string, spread: string) => string } {
  if (p === 1) return { share: dy, at: (x, spread) => withSign(b, x, spread) };
  // A window of zeros has no derivative; 0 is taken, as at the kink of a rectifier.
  const length = choose(b, compare(b, 'Greater', y, 0), y, 1);
  const to = (of: string): string => power(b, of, b.number(p - 1, of));
  return {
    share: divide(b, dy, to(length)),
    at: (x, spread) =>
      p === 2
        ? multiply(b, x, spread)
        : withSign(b, x, multiply(b, to(unary(b, 'Abs', x)), spread)),
  };
}

/**
 * LpPool and GlobalLpPool, y = (sum of |x|^p over a window)^(1/p): dx = sign(x) |x|^(p-1) times the sum of
 * dy y^(1-p) over the windows that a position lies in.
 */
export const lpPool: Rules = {
  LpPool: (step) => {
    const { b, node } = step;
    const [from, to] = [step.shape().slice(2), b.shape(step.y).slice(2)];
    const geometry = geometryOf(node, from, to, kernelOf(node, from.length));
    const automatic = stringAttribute(node, 'auto_pad', 'NOTSET').startsWith('SAME');
    if (intAttribute(node, 'ceil_mode', 0) === 1 && !automatic) {
      const after = intsAttribute(node, 'pads', []).slice(from.length);
      const beyond = overhang(geometry).some((n, axis) => n > (after[axis] ?? 0));
      // ONNX's own shapes leave these windows out, so that runtimes refuse what is computed of them.
      if (beyond) step.refuse('its ceil_mode adds windows, which runtimes count differently.');
    }
    const { share, at } = powers(b, intAttribute(node, 'p', 2), step.dy, step.y);
    return [at(step.x(), backFromWindows(b, share, geometry))];
  },

  GlobalLpPool: (step) => {
    const { b, node } = step;
    const { share, at } = powers(b, intAttribute(node, 'p', 2), step.dy, step.y);
    return [at(step.x(), expand(b, share, step.shape()))];
  },
};
