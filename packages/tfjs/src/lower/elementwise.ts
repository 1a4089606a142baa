import { floatAttribute, stringAttribute, type Node } from '@convlens/onnx';
import type { Builder } from '../builder.js';
import type { Kind } from '../plan.js';
import { convolve } from './convolution.js';
import { multiplyMatrices } from './matrix.js';
import type { Lowering, Lowerings } from './lowering.js';

/** Emits a function of one register that keeps its extents. */
type Function = (b: Builder, x: number, node: Node) => number;

/** Calls of kernels that work element by element. */
class Arithmetic {
  readonly #b: Builder;

  /** @param b where to emit */
  constructor(b: Builder) {
    this.#b = b;
  }

  /** A kernel of one operand. */
  one(kernel: string, x: number, attributes: Readonly<Record<string, unknown>> = {}): number {
    return this.#b.emit(kernel, { x }, attributes, this.#b.extents(x));
  }

  /** A kernel of two operands, of which the second has the first's extents, fewer axes or is a number. */
  two(kernel: string, a: number, b: number | { readonly number: number }): number {
    const other = typeof b === 'number' ? b : this.#b.scalar(b.number);
    return this.#b.emit(kernel, { a, b: other }, {}, this.#b.extents(a));
  }

  /** a x + c. */
  line(x: number, slope: number, shift: number): number {
    const scaled = slope === 1 ? x : this.two('Multiply', x, { number: slope });
    return shift === 0 ? scaled : this.two('Add', scaled, { number: shift });
  }

  /** x between two numbers. */
  clip(x: number, clipValueMin: number, clipValueMax: number): number {
    return this.one('ClipByValue', x, { clipValueMin, clipValueMax });
  }

  /** 1 where a comparison with a number holds, else 0. */
  mask(kernel: 'Greater' | 'Less', x: number, limit: number): number {
    const extents = this.#b.extents(x);
    const test = this.#b.emit(kernel, { a: x, b: this.#b.scalar(limit) }, {}, extents, 'bool');
    return this.one('Cast', test, { dtype: 'float32' });
  }
}

const plain =
  (kernel: string, attributes: Readonly<Record<string, unknown>> = {}): Function =>
  (b, x) =>
    new Arithmetic(b).one(kernel, x, attributes);

/** Gamma x above 0, gamma a (exp(x / c) - 1) below. */
function exponential(b: Builder, x: number, alpha: number, gamma: number, scale = 1): number {
  const m = new Arithmetic(b);
  const below = m.two('Minimum', x, { number: 0 });
  const curve = m.one('Expm1', m.line(below, 1 / scale, 0));
  return m.line(m.two('Add', m.one('Relu', x), m.line(curve, alpha, 0)), gamma, 0);
}

function gelu(b: Builder, x: number, node: Node): number {
  const m = new Arithmetic(b);
  if (stringAttribute(node, 'approximate', 'none') === 'tanh') {
    const bend = m.line(m.two('Multiply', x, x), 0.044715, 1);
    const inner = m.line(m.two('Multiply', bend, x), Math.sqrt(2 / Math.PI), 0);
    return m.two('Multiply', x, m.line(m.line(m.one('Tanh', inner), 1, 1), 0.5, 0));
  }
  const phi = m.line(m.line(m.one('Erf', m.line(x, Math.SQRT1_2, 0)), 1, 1), 0.5, 0);
  return m.two('Multiply', x, phi);
}

const functions: Readonly<Record<string, Function>> = {
  ...Object.fromEntries(
    ['Abs', 'Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'Ceil', 'Cos', 'Cosh', 'Erf', 'Exp']
      .concat(['Floor', 'Log', 'Neg', 'Reciprocal', 'Relu', 'Round', 'Sigmoid', 'Sign', 'Sin'])
      .concat(['Sinh', 'Softplus', 'Sqrt', 'Tan', 'Tanh'])
      .map((op) => [op, plain(op)]),
  ),
  Celu: (b, x, node) => {
    const alpha = floatAttribute(node, 'alpha', 1);
    return exponential(b, x, alpha, 1, alpha);
  },
  Elu: (b, x, node) => exponential(b, x, floatAttribute(node, 'alpha', 1), 1),
  Gelu: gelu,
  HardSigmoid: (b, x, node) => {
    const m = new Arithmetic(b);
    const [slope, shift] = [floatAttribute(node, 'alpha', 0.2), floatAttribute(node, 'beta', 0.5)];
    return m.clip(m.line(x, slope, shift), 0, 1);
  },
  HardSwish: (b, x) => {
    const m = new Arithmetic(b);
    return m.two('Multiply', x, m.clip(m.line(x, 1 / 6, 0.5), 0, 1));
  },
  LeakyRelu: (b, x, node) =>
    new Arithmetic(b).one('LeakyRelu', x, { alpha: floatAttribute(node, 'alpha', 0.01) }),
  Mish: (b, x) => {
    const m = new Arithmetic(b);
    return m.two('Multiply', x, m.one('Tanh', m.one('Softplus', x)));
  },
  Selu: (b, x, node) =>
    exponential(
      b,
      x,
      floatAttribute(node, 'alpha', 1.67326319217681884765625),
      floatAttribute(node, 'gamma', 1.05070102214813232421875),
    ),
  Shrink: (b, x, node) => {
    const m = new Arithmetic(b);
    const [bias, limit] = [floatAttribute(node, 'bias', 0), floatAttribute(node, 'lambd', 0.5)];
    const above = m.two('Multiply', m.line(x, 1, -bias), m.mask('Greater', x, limit));
    const below = m.two('Multiply', m.line(x, 1, bias), m.mask('Less', x, -limit));
    return m.two('Add', above, below);
  },
  Softsign: (b, x) => {
    const m = new Arithmetic(b);
    return m.two('RealDiv', x, m.line(m.one('Abs', x), 1, 1));
  },
  Swish: (b, x, node) => {
    const m = new Arithmetic(b);
    const inner = m.line(x, floatAttribute(node, 'alpha', 1), 0);
    return m.two('Multiply', x, m.one('Sigmoid', inner));
  },
  ThresholdedRelu: (b, x, node) => {
    const m = new Arithmetic(b);
    return m.two('Multiply', x, m.mask('Greater', x, floatAttribute(node, 'alpha', 1)));
  },
};

/** A function of a value, in the layout in which the value lies. */
function lowerFunction(apply: Function): Lowering {
  return (b, node) => {
    const [x = ''] = node.inputs;
    if (b.kind(x) !== 'float32') throw b.refusal(`it works on float32 only, not on ${b.kind(x)}.`);
    const layout = b.layoutOf([x]);
    b.define(node.outputs[0]!, apply(b, b.in(x, layout), node), layout);
  };
}

/** A Relu takes its place in the kernel before it, where nothing else reads what that computes. */
const relu: Lowering = (b, node) => {
  const [x = ''] = node.inputs;
  const before = b.onlyFor(x);
  const fused = before && { ...before, outputs: node.outputs };
  if (fused?.op === 'Conv') convolve(b, fused, 'relu');
  else if (fused?.op === 'Gemm' || fused?.op === 'MatMul') multiplyMatrices(b, fused, 'relu');
  else lowerFunction(plain('Relu'))(b, node);
};

/** x between bounds that may be left out. */
const clip: Lowering = (b, node) => {
  const [x = '', low = '', high = ''] = node.inputs;
  const layout = b.layoutOf([x]);
  const m = new Arithmetic(b);
  let y = b.in(x, layout);
  const [least, most] = [b.number(low), b.number(high)];
  const known = (least !== undefined || low === '') && (most !== undefined || high === '');
  if (known) y = m.clip(y, least ?? -Infinity, most ?? Infinity);
  else {
    if (low) y = m.two('Maximum', y, b.plain(low));
    if (high) y = m.two('Minimum', y, b.plain(high));
  }
  b.define(node.outputs[0]!, y, layout);
};

/** Folds two or more values with a kernel that broadcasts. */
function fold(kernel: string, kind?: Kind): Lowering {
  return (b, node) => {
    const output = node.outputs[0]!;
    const layout = b.layoutOf(node.inputs);
    const shape = b.shapeIn(output, layout);
    const registers = node.inputs.map((name) => b.in(name, layout));
    const result = kind ?? b.kind(node.inputs[0]!);
    let y = registers[0]!;
    let extents = b.extents(y);
    for (const other of registers.slice(1)) {
      extents = registers.length === 2 ? shape : broadcast(extents, b.extents(other));
      y = b.emit(kernel, { a: y, b: other }, {}, extents, result);
    }
    b.define(output, y, layout);
  };
}

/** numpy's broadcasting of two shapes that go together. */
function broadcast(one: readonly number[], other: readonly number[]): number[] {
  const rank = Math.max(one.length, other.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [a, b] = [one, other].map((shape) => shape[axis - rank + shape.length] ?? 1);
    return a === 1 ? b! : a!;
  });
}

const mean: Lowering = (b, node) => {
  const [output = ''] = node.outputs;
  fold('Add')(b, node);
  const layout = b.isLast(output) ? 'last' : 'plain';
  const scaled = new Arithmetic(b).line(b.in(output, layout), 1 / node.inputs.length, 0);
  b.define(output, scaled, layout);
};

/** Slope x below 0; the slope is broadcast. */
const prelu: Lowering = (b, node) => {
  const [x = '', slope = ''] = node.inputs;
  const layout = b.layoutOf([x, slope]);
  const m = new Arithmetic(b);
  const input = b.in(x, layout);
  const below = m.two('Multiply', m.two('Minimum', input, { number: 0 }), b.in(slope, layout));
  b.define(node.outputs[0]!, m.two('Add', m.one('Relu', input), below), layout);
};

const divide: Lowering = (b, node) => {
  const whole = node.inputs.some((name) => b.kind(name) === 'int32');
  if (whole) throw b.refusal('the division of integers rounds otherwise than ONNX wants it.');
  fold('RealDiv')(b, node);
};

const cast: Lowering = (b, node) => {
  const [x = ''] = node.inputs;
  const [from, to] = [b.kind(x), b.kind(node.outputs[0]!)];
  const layout = b.layoutOf([x]);
  let y = b.in(x, layout);
  const extents = b.extents(y);
  if (from !== to) {
    // What is not zero is true; a cast to bool would keep the low byte.
    y =
      to === 'bool'
        ? b.emit('NotEqual', { a: y, b: b.scalar(0, from) }, {}, extents, 'bool')
        : b.emit('Cast', { x: y }, { dtype: to }, extents, to);
  }
  b.define(node.outputs[0]!, y, layout);
};

const identity: Lowering = (b, node) => {
  const [x = ''] = node.inputs;
  const layout = b.layoutOf([x]);
  b.define(node.outputs[0]!, b.in(x, layout), layout);
};

const not: Lowering = (b, node) => {
  const [x = ''] = node.inputs;
  const layout = b.layoutOf([x]);
  const register = b.in(x, layout);
  const turned = b.emit('LogicalNot', { x: register }, {}, b.extents(register), 'bool');
  b.define(node.outputs[0]!, turned, layout);
};

/** Functions of one value and of several, element by element. */
export const elementwise: Lowerings = {
  ...Object.fromEntries(Object.entries(functions).map(([op, f]) => [op, lowerFunction(f)])),
  Add: fold('Add'),
  And: fold('LogicalAnd', 'bool'),
  Cast: cast,
  Clip: clip,
  Div: divide,
  Equal: fold('Equal', 'bool'),
  Greater: fold('Greater', 'bool'),
  GreaterOrEqual: fold('GreaterEqual', 'bool'),
  Identity: identity,
  Less: fold('Less', 'bool'),
  LessOrEqual: fold('LessEqual', 'bool'),
  Max: fold('Maximum'),
  Mean: mean,
  Min: fold('Minimum'),
  Mul: fold('Multiply'),
  Not: not,
  Or: fold('LogicalOr', 'bool'),
  PRelu: prelu,
  Pow: fold('Pow'),
  Relu: relu,
  Sub: fold('Sub'),
  Sum: fold('Add'),
};
