import { addDims, broadcastDims, divideDims, multiplyDims, roundedQuotient } from '../dims.js';
import type { Dim } from '../graph.js';
import type { Operand } from '../operand.js';
import type { DType } from '../tensor.js';
import { moved, type Facts } from './facts.js';
import { choose, map, zip, type Binary, type OnDims, type Unary } from './kernels.js';
import {
  allElements,
  elementsOf,
  fail,
  input,
  int,
  show,
  type Call,
  type Rule,
  type Rules,
} from './rule.js';

/** The result has the type of the first input, or is bool. */
type Result = 'same' | 'bool';

/** Shape of the inputs broadcast together. */
function together(call: Call): Dim[] {
  const shapes = call.inputs.map((x) => x?.shape ?? []);
  return (
    broadcastDims(shapes) ??
    fail(call, `the shapes ${shapes.map(show).join(' and ')} do not broadcast to one shape.`)
  );
}

function typeOf(call: Call, result: Result): DType {
  return result === 'bool' ? result : input(call, 0).dtype;
}

function unary(facts: Facts = {}, f?: Unary, result: Result = 'same'): Rule {
  const infer: Rule['infer'] = (call) => [
    { dtype: typeOf(call, result), shape: input(call, 0).shape },
  ];
  const row: Rule = { pointwise: true, ...facts, infer };
  if (!f) return row;
  return { ...row, evaluate: (call) => map(f, elementsOf(call, 0), typeOf(call, result)) };
}

/** An operator on two or more inputs of one type, applied from the left. */
function binary(facts: Facts = {}, f?: Binary, onDims?: OnDims, result: Result = 'same'): Rule {
  const infer: Rule['infer'] = (call) => {
    const { dtype } = input(call, 0);
    const other = call.inputs.find((x) => x && x.dtype !== dtype);
    if (other) {
      const text = `its inputs are ${dtype} and ${other.dtype}; they must be of one type.`;
      fail(call, text, 'E_ONNX_INVALID');
    }
    return [{ dtype: typeOf(call, result), shape: together(call) }];
  };
  const row: Rule = { pointwise: true, ...facts, infer };
  return f ? { ...row, evaluate: (call) => combine(call, f, onDims, typeOf(call, result)) } : row;
}

/** The first output of an operator of any number of inputs is its input when that is the only one. */
const ofOne: Facts = { passes: ({ inputs }) => inputs.length === 1 };

function combine(
  call: Call,
  f: Binary,
  onDims: OnDims | undefined,
  dtype: DType,
): Operand | undefined {
  const [first, ...rest] = allElements(call);
  let out: Operand | undefined = first;
  try {
    for (const next of rest) out = out && zip(f, onDims, out, next, dtype);
  } catch (error) {
    // bigint throws for what has no result: division by zero, negative powers. The runtime shall decide.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return out;
}

function isWhole(call: Call): boolean {
  return !input(call, 0).dtype.startsWith('float');
}

/** Rounds to the nearest integer, ties to even. */
function roundEven(a: number): number {
  const low = Math.floor(a);
  const rest = a - low;
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
}

/** Functions of one input, with how to compute those that constant chains use. */
const unaries: Rules = {
  Abs: unary({}, (a) => (a < 0 ? -a : a)),
  Acos: unary({ since: 7 }),
  Acosh: unary({ since: 9 }),
  Asin: unary({ since: 7 }),
  Asinh: unary({ since: 9 }),
  Atan: unary({ since: 7 }),
  Atanh: unary({ since: 9 }),
  BitwiseNot: unary({ since: 18 }),
  Ceil: unary({}, Math.ceil),
  Celu: unary({ since: 12, role: 'activation', parameters: { alpha: 'float' } }),
  Clip: unary({
    parameters: { min: moved('float', 1, 11), max: moved('float', 2, 11) },
    role: 'activation',
    float16: true,
    tame: true,
  }),
  Cos: unary({ since: 7 }),
  Cosh: unary({ since: 9 }),
  Elu: unary({ role: 'activation', parameters: { alpha: 'float' } }),
  Erf: unary({ since: 9 }),
  Exp: unary({}, Math.exp),
  Floor: unary({}, Math.floor),
  Gelu: unary({ since: 20, role: 'activation', parameters: { approximate: ['none', 'tanh'] } }),
  HardSigmoid: unary({ role: 'activation', parameters: { alpha: 'float', beta: 'float' } }),
  HardSwish: unary({ since: 14, role: 'activation' }),
  IsInf: unary(
    { since: 10, parameters: { detect_negative: 'int', detect_positive: 'int' } },
    undefined,
    'bool',
  ),
  IsNaN: unary({ since: 9 }, (a) => a !== a, 'bool'),
  LeakyRelu: unary({ role: 'activation', float16: true, parameters: { alpha: 'float' } }),
  Log: unary({}, Math.log),
  Mish: unary({ since: 18, role: 'activation' }),
  Neg: unary({ tame: true }, (a) => -a),
  Not: unary({}, (a) => !a, 'bool'),
  Reciprocal: unary({}, (a) => 1 / a),
  Relu: unary({ role: 'activation', float16: true, tame: true }, (a) =>
    typeof a === 'number' ? Math.max(a, 0) : a < 0 ? a - a : a,
  ),
  Round: unary({ since: 11 }, roundEven),
  Selu: unary({ role: 'activation', parameters: { alpha: 'float', gamma: 'float' } }),
  Shrink: unary({ since: 9, parameters: { bias: 'float', lambd: 'float' } }),
  Sigmoid: unary({ role: 'activation' }, (a) => 1 / (1 + Math.exp(-a))),
  Sign: unary({ since: 9 }),
  Sin: unary({ since: 7 }),
  Sinh: unary({ since: 9 }),
  Softplus: unary({ role: 'activation' }),
  Softsign: unary(),
  Sqrt: unary({}, Math.sqrt),
  Swish: unary({ since: 24, parameters: { alpha: 'float' } }),
  Tan: unary({ since: 7 }),
  Tanh: unary({ role: 'activation' }, Math.tanh),
  ThresholdedRelu: unary({ since: 10, parameters: { alpha: 'float' } }),
};

/** Extents are never negative, so a symbol differs from the -1 that stands in targets of Expand and Reshape. */
const equalDims: OnDims = (a, b) => {
  if (a === b) return true;
  const numbers = [a, b].filter((extent) => typeof extent === 'number');
  return numbers.length === 2 || numbers.some((extent) => extent < 0) ? false : undefined;
};

/** Element-wise operators, with numpy's broadcasting. */
export const elementwise: Rules = {
  ...unaries,
  Add: binary({ role: 'add', float16: true, tame: true }, (a, b) => a + b, addDims),
  Sub: binary(
    { float16: true, tame: true },
    (a, b) => a - b,
    (a, b) => (a === b ? 0 : typeof b === 'number' ? addDims(a, -b) : undefined),
  ),
  Mul: binary(
    { float16: true, tame: true },
    (a, b) => a * b,
    (a, b) => multiplyDims([a, b]),
  ),
  Div: {
    ...binary(),
    evaluate(call) {
      // Integers are divided towards zero, as bigint does by itself.
      const whole = isWhole(call);
      const divide: Binary = (a, b) => (whole && typeof a === 'number' ? Math.trunc(a / b) : a / b);
      const onDims: OnDims = (a, b) =>
        typeof b === 'number' && b > 0 ? roundedQuotient(a, b, 'floor') : divideDims([a], [b]);
      return combine(call, divide, onDims, input(call, 0).dtype);
    },
  },
  Mod: {
    ...binary({ since: 10, parameters: { fmod: 'int' } }),
    evaluate(call) {
      const likeC = int(call, 'fmod', 0) === 1;
      const f: Binary = (a, b) => (likeC ? a % b : ((a % b) + b) % b);
      return combine(call, f, undefined, input(call, 0).dtype);
    },
  },
  Pow: {
    pointwise: true,
    infer: (call) => [{ dtype: input(call, 0).dtype, shape: together(call) }],
    evaluate(call) {
      const { dtype } = input(call, 0);
      if (dtype !== input(call, 1).dtype) return undefined;
      return combine(call, (a, b) => a ** b, undefined, dtype);
    },
  },
  Max: binary({ ...ofOne, float16: true }, (a, b) => (a > b || a !== a ? a : b)),
  Min: binary({ ...ofOne, float16: true }, (a, b) => (a < b || a !== a ? a : b)),
  Sum: binary({ ...ofOne, role: 'add' }, (a, b) => a + b),
  Mean: binary(ofOne),
  PRelu: binary({ role: 'activation', float16: true }),
  BitShift: binary({ since: 11, parameters: { direction: ['LEFT', 'RIGHT'] } }),
  BitwiseAnd: binary({ since: 18 }, (a, b) => a & b),
  BitwiseOr: binary({ since: 18 }, (a, b) => a | b),
  BitwiseXor: binary({ since: 18 }, (a, b) => a ^ b),
  Equal: binary({}, (a, b) => a === b, equalDims, 'bool'),
  Less: binary({}, (a, b) => a < b, undefined, 'bool'),
  LessOrEqual: binary({ since: 12 }, (a, b) => a <= b, undefined, 'bool'),
  Greater: binary({}, (a, b) => a > b, undefined, 'bool'),
  GreaterOrEqual: binary({ since: 12 }, (a, b) => a >= b, undefined, 'bool'),
  And: binary({}, (a, b) => a && b, undefined, 'bool'),
  Or: binary({}, (a, b) => a || b, undefined, 'bool'),
  Xor: binary({}, (a, b) => a !== b, undefined, 'bool'),
  Where: {
    since: 9,
    pointwise: true,
    tame: true,
    infer: (call) => [{ dtype: input(call, 1).dtype, shape: together(call) }],
    evaluate(call) {
      const [test, yes, no] = allElements(call);
      return choose(test!, yes!, no!);
    },
  },
};
