import { elementCount, intAttribute, intsAttribute } from '@convlens/onnx';
import { choose, compare, divide, multiply, scale, subtract, unary, withSign } from '../algebra.js';
import type { Rule, Rules, Step } from '../rule.js';
import { expand, fromFront, reduce, reshape } from '../shaping.js';

/** What a formula is made of; `dy` and `y` have the reduced axes as axes of extent 1. */
interface Reduction {
  readonly step: Step;
  readonly x: string;
  readonly y: string;
  readonly dy: string;
  readonly axes: readonly number[];
  /** Number of elements that become one. */
  readonly count: number;
}

function axesOf(step: Step, rank: number): number[] {
  const axes = intsAttribute(step.node, 'axes', undefined) ?? step.list(1);
  if (axes && axes.length > 0) return axes.map((axis) => fromFront(axis, rank));
  if (intAttribute(step.node, 'noop_with_empty_axes', 0)) return [];
  return Array.from({ length: rank }, (_, axis) => axis);
}

function reduction(formula: (parts: Reduction) => string): Rule {
  return (step) => {
    const { b } = step;
    const shape = step.shape();
    const axes = axesOf(step, shape.length);
    const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    const count = elementCount(shape) / elementCount(kept);
    const dy = reshape(b, step.dy, kept);
    const dx = formula({ step, x: step.x(), y: reshape(b, step.y, kept), dy, axes, count });
    return [expand(b, dx, shape)];
  };
}

/** Elements that tie get equal shares, as in PyTorch. */
const extreme = reduction(({ step: { b }, x, y, dy, axes }) => {
  const hit = compare(b, 'Equal', x, y);
  const ties = reduce(b, 'ReduceSum', choose(b, hit, 1, 0, x), axes);
  return choose(b, hit, divide(b, dy, ties), 0);
});

/** Reductions over axes; each formula gives what is broadcast to the shape of x. */
export const reductions: Rules = {
  ReduceSum: reduction(({ dy }) => dy),
  ReduceMean: reduction(({ step: { b }, dy, count }) => scale(b, dy, 1 / count)),
  ReduceMax: extreme,
  ReduceMin: extreme,
  /** dy sign(x). */
  ReduceL1: reduction(({ step: { b }, x, dy }) => withSign(b, x, dy)),
  /** dy x / y; 0 where y is 0. */
  ReduceL2: reduction(({ step: { b }, x, y, dy }) => {
    const length = choose(b, compare(b, 'Greater', y, 0), y, 1);
    return multiply(b, x, divide(b, dy, length));
  }),
  /** 2 dy x. */
  ReduceSumSquare: reduction(({ step: { b }, x, dy }) => multiply(b, x, scale(b, dy, 2))),
  /** dy / exp(y). */
  ReduceLogSum: reduction(({ step: { b }, y, dy }) => divide(b, dy, unary(b, 'Exp', y))),
  /** dy exp(x - y). */
  ReduceLogSumExp: reduction(({ step: { b }, x, y, dy }) =>
    multiply(b, dy, unary(b, 'Exp', subtract(b, x, y))),
  ),
};
