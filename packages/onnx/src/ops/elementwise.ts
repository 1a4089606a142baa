import { addDims, broadcastDims, divideDims, multiplyDims, roundedQuotient } from '../dims.js';
import type { Dim } from '../graph.js';
import type { Operand } from '../operand.js';
import type { DType } from '../tensor.js';
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

function unary(f?: Unary, result: Result = 'same'): Rule {
  const infer: Rule['infer'] = (call) => [
    { dtype: typeOf(call, result), shape: input(call, 0).shape },
  ];
  if (!f) return { infer };
  return {
    infer,
    evaluate: (call) => map(f, elementsOf(call, 0), typeOf(call, result)),
  };
}

/** An operator on two or more inputs of one type, applied from the left. */
function binary(f?: Binary, onDims?: OnDims, result: Result = 'same'): Rule {
  const infer: Rule['infer'] = (call) => {
    const { dtype } = input(call, 0);
    const other = call.inputs.find((x) => x && x.dtype !== dtype);
    if (other) {
      const text = `its inputs are ${dtype} and ${other.dtype}; they must be of one type.`;
      fail(call, text, 'E_ONNX_INVALID');
    }
    return [{ dtype: typeOf(call, result), shape: together(call) }];
  };
  return f
    ? { infer, evaluate: (call) => combine(call, f, onDims, typeOf(call, result)) }
    : { infer };
}

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
const unaries: Record<string, Rule> = {
  Abs: unary((a) => (a < 0 ? -a : a)),
  Ceil: unary(Math.ceil),
  Exp: unary(Math.exp),
  Floor: unary(Math.floor),
  IsNaN: unary((a) => a !== a, 'bool'),
  IsInf: unary(undefined, 'bool'),
  Log: unary(Math.log),
  Neg: unary((a) => -a),
  Not: unary((a) => !a, 'bool'),
  Reciprocal: unary((a) => 1 / a),
  Relu: unary((a) => (typeof a === 'number' ? Math.max(a, 0) : a < 0 ? a - a : a)),
  Round: unary(roundEven),
  Sigmoid: unary((a) => 1 / (1 + Math.exp(-a))),
  Sqrt: unary(Math.sqrt),
  Tanh: unary(Math.tanh),
};
for (const op of (
  'Acos Acosh Asin Asinh Atan Atanh BitwiseNot Celu Clip Cos Cosh Elu Erf Gelu HardSigmoid HardSwish ' +
  'LeakyRelu Mish Selu Shrink Sign Sin Sinh Softplus Softsign Swish Tan ThresholdedRelu'
).split(' ')) {
  unaries[op] = unary();
}

/** Extents are never negative, so a symbol differs from the -1 that stands in targets of Expand and Reshape. */
const equalDims: OnDims = (a, b) => {
  if (a === b) return true;
  const numbers = [a, b].filter((extent) => typeof extent === 'number');
  return numbers.length === 2 || numbers.some((extent) => extent < 0) ? false : undefined;
};

/** Element-wise operators, with numpy's broadcasting. */
export const elementwise: Rules = {
  ...unaries,
  Add: binary((a, b) => a + b, addDims),
  Sub: binary(
    (a, b) => a - b,
    (a, b) => (a === b ? 0 : typeof b === 'number' ? addDims(a, -b) : undefined),
  ),
  Mul: binary(
    (a, b) => a * b,
    (a, b) => multiplyDims([a, b]),
  ),
  Div: {
    infer: binary().infer,
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
    infer: binary().infer,
    evaluate(call) {
      const likeC = int(call, 'fmod', 0) === 1;
      const f: Binary = (a, b) => (likeC ? a % b : ((a % b) + b) % b);
      return combine(call, f, undefined, input(call, 0).dtype);
    },
  },
  Pow: {
    infer: (call) => [{ dtype: input(call, 0).dtype, shape: together(call) }],
    evaluate(call) {
      const { dtype } = input(call, 0);
      if (dtype !== input(call, 1).dtype) return undefined;
      return combine(call, (a, b) => a ** b, undefined, dtype);
    },
  },
  Max: binary((a, b) => (a > b || a !== a ? a : b)),
  Min: binary((a, b) => (a < b || a !== a ? a : b)),
  Sum: binary((a, b) => a + b),
  Mean: binary(),
  PRelu: binary(),
  BitShift: binary(),
  BitwiseAnd: binary((a, b) => a & b),
  BitwiseOr: binary((a, b) => a | b),
  BitwiseXor: binary((a, b) => a ^ b),
  Equal: binary((a, b) => a === b, equalDims, 'bool'),
  Less: binary((a, b) => a < b, undefined, 'bool'),
  LessOrEqual: binary((a, b) => a <= b, undefined, 'bool'),
  Greater: binary((a, b) => a > b, undefined, 'bool'),
  GreaterOrEqual: binary((a, b) => a >= b, undefined, 'bool'),
  And: binary((a, b) => a && b, undefined, 'bool'),
  Or: binary((a, b) => a || b, undefined, 'bool'),
  Xor: binary((a, b) => a !== b, undefined, 'bool'),
  Where: {
    infer: (call) => [{ dtype: input(call, 1).dtype, shape: together(call) }],
    evaluate(call) {
      const [test, yes, no] = allElements(call);
      return choose(test!, yes!, no!);
    },
  },
};
