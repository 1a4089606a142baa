import { floatAttribute, stringAttribute, type Node } from '@convlens/onnx';
import {
  add,
  choose,
  compare,
  divide,
  from,
  multiply,
  power,
  scale,
  shift,
  unary,
} from '../algebra.js';
import type { GraphBuilder } from '@convlens/onnx';
import type { Rule, Rules } from '../rule.js';

/** What a derivative can be made of. */
interface Point {
  readonly b: GraphBuilder;
  readonly node: Node;
  /** The input. */
  readonly x: string;
  /** The output. */
  readonly y: string;
  /** The cotangent of the output. */
  readonly dy: string;
}

/** Emits dy f'(x). */
type Derivative = (at: Point) => string;

function product(b: GraphBuilder, ...factors: [string, ...string[]]): string {
  return factors.reduce((all, factor) => multiply(b, all, factor));
}

/** 1 - v^2 or 1 + v^2. */
function oneWithSquare(b: GraphBuilder, sign: 1 | -1, v: string): string {
  const square = multiply(b, v, v);
  return sign === 1 ? shift(b, square, 1) : from(b, 1, square);
}

/** dy over the square root of v. */
function overRoot({ b, dy }: Point, v: string): string {
  return divide(b, dy, unary(b, 'Sqrt', v));
}

/** The sign of x as -1, 0 or 1; WebGPU has no kernel for Sign. */
function signed({ b, x, dy }: Point): string {
  const negative = choose(b, compare(b, 'Less', x, 0), unary(b, 'Neg', dy), 0);
  return choose(b, compare(b, 'Greater', x, 0), dy, negative);
}

/** dy where x > 0, what `below` makes of dy elsewhere. */
function halves({ b, x, dy }: Point, below: string): string {
  return choose(b, compare(b, 'Greater', x, 0), dy, below);
}

/** Normal density at x times a number. */
function density(b: GraphBuilder, x: string, exponent: number, factor: number): string {
  return scale(b, unary(b, 'Exp', scale(b, multiply(b, x, x), exponent)), factor);
}

/**
 * Gelu, y = x Phi(x): Phi(x) + x phi(x). Its approximation y = x (1 + t) / 2 with t = tanh(u),
 * u = sqrt(2 / pi) (x + 0.044715 x^3): (1 + t) / 2 + x (1 - t^2) u' / 2.
 */
function gelu({ b, node, x, dy }: Point): string {
  if (stringAttribute(node, 'approximate', 'none') === 'tanh') {
    const c = Math.sqrt(2 / Math.PI);
    const square = multiply(b, x, x);
    const u = multiply(b, scale(b, x, c), shift(b, scale(b, square, 0.044715), 1));
    const t = unary(b, 'Tanh', u);
    const slope = shift(b, scale(b, square, 3 * 0.044715 * c), c);
    const bend = product(b, x, oneWithSquare(b, -1, t), slope);
    return multiply(b, dy, scale(b, add(b, shift(b, t, 1), bend), 0.5));
  }
  const phi = scale(b, shift(b, unary(b, 'Erf', scale(b, x, Math.SQRT1_2)), 1), 0.5);
  const bell = multiply(b, x, density(b, x, -0.5, 1 / Math.sqrt(2 * Math.PI)));
  return multiply(b, dy, add(b, phi, bell));
}

/** HardSwish, y = x max(0, min(1, x / 6 + 1 / 2)): 0 up to -3, x / 3 + 1 / 2 up to 3, 1 above. */
function hardSwish({ b, x, dy }: Point): string {
  const middle = multiply(b, dy, shift(b, scale(b, x, 1 / 3), 0.5));
  const upper = choose(b, compare(b, 'Less', x, 3), middle, dy);
  return choose(b, compare(b, 'Greater', x, -3), upper, 0);
}

/** Mish, y = x t with t = tanh(softplus(x)): t + x (1 - t^2) sigmoid(x). */
function mish({ b, x, dy }: Point): string {
  const t = unary(b, 'Tanh', unary(b, 'Softplus', x));
  const bend = product(b, x, oneWithSquare(b, -1, t), unary(b, 'Sigmoid', x));
  return multiply(b, dy, add(b, t, bend));
}

/** Swish, y = x s with s = sigmoid(a x): s + a y (1 - s). */
function swish({ b, node, x, y, dy }: Point): string {
  const alpha = floatAttribute(node, 'alpha', 1);
  const s = unary(b, 'Sigmoid', scale(b, x, alpha));
  return multiply(b, dy, add(b, s, scale(b, multiply(b, y, from(b, 1, s)), alpha)));
}

/** HardSigmoid, y = max(0, min(1, a x + c)): a where 0 < y < 1. */
function hardSigmoid({ b, node, y, dy }: Point): string {
  const slope = scale(b, dy, floatAttribute(node, 'alpha', 0.2));
  const below = choose(b, compare(b, 'Less', y, 1), slope, 0);
  return choose(b, compare(b, 'Greater', y, 0), below, 0);
}

/** Shrink, y = x - bias above lambd, x + bias below -lambd, else 0: 1 outside, 0 inside. */
function shrink({ b, node, x, dy }: Point): string {
  const limit = floatAttribute(node, 'lambd', 0.5);
  const low = choose(b, compare(b, 'Less', x, -limit), dy, 0);
  return choose(b, compare(b, 'Greater', x, limit), dy, low);
}

const derivatives: Readonly<Record<string, Derivative>> = {
  /** sign(x), 0 at 0. */
  Abs: signed,
  Acos: (at) => unary(at.b, 'Neg', overRoot(at, oneWithSquare(at.b, -1, at.x))),
  Acosh: (at) => overRoot(at, shift(at.b, multiply(at.b, at.x, at.x), -1)),
  Asin: (at) => overRoot(at, oneWithSquare(at.b, -1, at.x)),
  Asinh: (at) => overRoot(at, oneWithSquare(at.b, 1, at.x)),
  Atan: ({ b, x, dy }) => divide(b, dy, oneWithSquare(b, 1, x)),
  Atanh: ({ b, x, dy }) => divide(b, dy, oneWithSquare(b, -1, x)),
  /** Below 0, where y = a (exp(x / a) - 1): y / a + 1. */
  Celu: (at) => {
    const { b, node, y, dy } = at;
    const slope = shift(b, scale(b, y, 1 / floatAttribute(node, 'alpha', 1)), 1);
    return halves(at, multiply(b, dy, slope));
  },
  Cos: ({ b, x, dy }) => unary(b, 'Neg', multiply(b, dy, unary(b, 'Sin', x))),
  Cosh: ({ b, x, dy }) => multiply(b, dy, unary(b, 'Sinh', x)),
  /** Below 0, where y = a (exp(x) - 1): y + a. */
  Elu: (at) => {
    const slope = shift(at.b, at.y, floatAttribute(at.node, 'alpha', 1));
    return halves(at, multiply(at.b, at.dy, slope));
  },
  /** 2 / sqrt(pi) exp(-x^2). */
  Erf: ({ b, x, dy }) => multiply(b, dy, density(b, x, -1, 2 / Math.sqrt(Math.PI))),
  Exp: ({ b, y, dy }) => multiply(b, dy, y),
  Gelu: gelu,
  HardSigmoid: hardSigmoid,
  HardSwish: hardSwish,
  LeakyRelu: (at) => halves(at, scale(at.b, at.dy, floatAttribute(at.node, 'alpha', 0.01))),
  Log: ({ b, x, dy }) => divide(b, dy, x),
  Mish: mish,
  Neg: ({ b, dy }) => unary(b, 'Neg', dy),
  /** -y^2. */
  Reciprocal: ({ b, y, dy }) => unary(b, 'Neg', product(b, dy, y, y)),
  /** Gamma above 0; below, where y = gamma a (exp(x) - 1): y + gamma a. */
  Selu: (at) => {
    const { b, node, y, dy } = at;
    const alpha = floatAttribute(node, 'alpha', 1.67326319217681884765625);
    const gamma = floatAttribute(node, 'gamma', 1.05070102214813232421875);
    const below = multiply(b, dy, shift(b, y, gamma * alpha));
    return choose(b, compare(b, 'Greater', at.x, 0), scale(b, dy, gamma), below);
  },
  Shrink: shrink,
  /** y (1 - y). */
  Sigmoid: ({ b, y, dy }) => product(b, dy, y, from(b, 1, y)),
  Sin: ({ b, x, dy }) => multiply(b, dy, unary(b, 'Cos', x)),
  Sinh: ({ b, x, dy }) => multiply(b, dy, unary(b, 'Cosh', x)),
  Softplus: ({ b, x, dy }) => multiply(b, dy, unary(b, 'Sigmoid', x)),
  /** 1 / (1 + |x|)^2. */
  Softsign: ({ b, x, dy }) =>
    divide(b, dy, power(b, shift(b, unary(b, 'Abs', x), 1), b.number(2, x))),
  /** 1 / (2 y). */
  Sqrt: ({ b, y, dy }) => divide(b, scale(b, dy, 0.5), y),
  Swish: swish,
  /** 1 + y^2. */
  Tan: ({ b, y, dy }) => multiply(b, dy, oneWithSquare(b, 1, y)),
  /** 1 - y^2. */
  Tanh: ({ b, y, dy }) => multiply(b, dy, oneWithSquare(b, -1, y)),
  ThresholdedRelu: ({ b, node, x, dy }) =>
    choose(b, compare(b, 'Greater', x, floatAttribute(node, 'alpha', 1)), dy, 0),
};

function ruleOf(derivative: Derivative): Rule {
  return ({ b, node, y, dy }) => [derivative({ b, node, x: node.inputs[0]!, y, dy })];
}

/** Elementwise functions of one input: dx = dy f'(x), with f' written in x or, where that is cheaper, in y = f(x). */
export const unaryRules: Rules = Object.fromEntries(
  Object.entries(derivatives).map(([op, derivative]) => [op, ruleOf(derivative)]),
);
