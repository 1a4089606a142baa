import { divideDims, multiplyDims, roundedQuotient } from '../dims.js';
import type { Dim } from '../graph.js';
import { intsAttribute } from '../attributes.js';
import { strided, stridesOf } from '../operand.js';
import { elementCount } from '../tensor.js';
import { moved, type Facts } from './facts.js';
import {
  axisOf,
  elementsOf,
  fail,
  input,
  int,
  keepsShape,
  list,
  numbers,
  shapeOf,
  show,
  unknownDim,
  type Call,
  type Rule,
  type Rules,
} from './rule.js';

/** The elements stay in order; only the shape changes. */
function reshaped(infer: Rule['infer'], parameters: NonNullable<Facts['parameters']>): Rule {
  return {
    parameters,
    role: 'plumbing',
    float16: true,
    tame: true,
    passes: keepsShape,
    infer,
    evaluate(call) {
      const source = elementsOf(call, 0);
      const shape = infer(call)[0]?.shape as readonly number[];
      return elementCount(shape) === source.data.length ? { ...source, shape } : undefined;
    },
  };
}

/** The shape that Reshape's second input asks for: 0 keeps the input's extent, -1 is what is left. */
function target(call: Call, wanted: readonly Dim[]): Dim[] {
  const { shape } = input(call, 0);
  const keep = int(call, 'allowzero', 0) === 0;
  const out = wanted.map((extent, axis) => {
    if (extent !== 0 || !keep) return extent;
    return (
      shape[axis] ??
      fail(call, `0 at axis ${axis} of ${show(wanted)} keeps an axis that ${show(shape)} has not.`)
    );
  });
  const open = out.indexOf(-1);
  if (open < 0) {
    if (isNumeric(out) && isNumeric(shape) ? count(out) !== count(shape) : isOther(shape, out)) {
      fail(
        call,
        `${show(shape)} has ${count(shape)} elements and cannot become ${show(out)} with ${count(out)}.`,
      );
    }
    return out;
  }
  const rest = out.filter((_, axis) => axis !== open);
  const left = divideDims(shape, rest);
  if (left === undefined) {
    if (isNumeric(rest) && isNumeric(shape)) {
      fail(call, `${show(shape)} has ${count(shape)} elements, which do not fill ${show(wanted)}.`);
    }
    const divisor = multiplyDims(rest);
    out[open] =
      typeof divisor === 'number' && divisor > 0
        ? roundedQuotient(multiplyDims(shape), divisor, 'floor')
        : unknownDim(call, open);
  } else {
    out[open] = left;
  }
  return out;
}

function isNumeric(shape: readonly Dim[]): shape is readonly number[] {
  return shape.every((extent) => typeof extent === 'number');
}

/** Whether the sizes differ by a known factor, their symbols being the same. */
function isOther(a: readonly Dim[], b: readonly Dim[]): boolean {
  const quotient = divideDims(a, b) ?? divideDims(b, a);
  return typeof quotient === 'number' && quotient !== 1;
}

function count(shape: readonly Dim[]): Dim {
  return multiplyDims(shape);
}

const reshape: Rule['infer'] = (call) => {
  const { dtype } = input(call, 0);
  const wanted = list(call, 'shape', 1);
  if (wanted) return [{ dtype, shape: target(call, wanted) }];
  const rank = call.inputs[1]?.shape[0];
  const shape =
    typeof rank === 'number'
      ? Array.from({ length: rank }, (_, i) => unknownDim(call, i))
      : undefined;
  return [{ dtype, shape }];
};

const flatten: Rule['infer'] = (call) => {
  const { dtype, shape } = input(call, 0);
  const value = int(call, 'axis', 1);
  const axis = value < 0 ? value + shape.length : value;
  return [{ dtype, shape: [multiplyDims(shape.slice(0, axis)), multiplyDims(shape.slice(axis))] }];
};

const squeeze: Rule['infer'] = (call) => {
  const { dtype, shape } = input(call, 0);
  const axes = numbers(call, 'axes', 1)?.map((axis) => axisOf(call, axis, shape.length));
  for (const axis of axes ?? []) {
    const extent = shape[axis];
    if (typeof extent === 'number' && extent !== 1) {
      fail(
        call,
        `axis ${axis} of ${show(shape)} cannot be removed: its extent is ${extent}, not 1.`,
      );
    }
  }
  return [{ dtype, shape: shape.filter((extent, i) => (axes ? !axes.includes(i) : extent !== 1)) }];
};

const unsqueeze: Rule['infer'] = (call) => {
  const { dtype, shape } = input(call, 0);
  const given = numbers(call, 'axes', 1) ?? [];
  const rank = shape.length + given.length;
  const axes = new Set(given.map((axis) => axisOf(call, axis, rank)));
  const rest = [...shape];
  return [
    {
      dtype,
      shape: Array.from({ length: rank }, (_, i) => (axes.has(i) ? 1 : rest.shift()!)),
    },
  ];
};

function permutation(call: Call): readonly number[] {
  const { length } = shapeOf(call, 0);
  const order = intsAttribute(call.node, 'perm', undefined);
  if (!order || order.length === 0) return Array.from({ length }, (_, i) => length - 1 - i);
  if (
    order.length === length &&
    new Set(order.map((a) => axisOf(call, a, length))).size === length
  ) {
    return order.map((a) => axisOf(call, a, length));
  }
  return fail(call, `perm ${show(order)} does not order the axes of ${show(shapeOf(call, 0))}.`);
}

/** Operators that only change the shape or the order of the axes. */
export const shaping: Rules = {
  Reshape: reshaped(reshape, { allowzero: 'int', shape: moved('ints', 1, 5) }),
  Flatten: reshaped(flatten, { axis: 'int' }),
  Squeeze: reshaped(squeeze, { axes: moved('ints', 1, 13) }),
  Unsqueeze: reshaped(unsqueeze, { axes: moved('ints', 1, 13) }),
  Transpose: {
    parameters: { perm: 'ints' },
    role: 'plumbing',
    float16: true,
    tame: true,
    passes({ node }) {
      const order = intsAttribute(node, 'perm', undefined);
      return order?.every((axis, i) => axis === i) === true;
    },
    infer(call) {
      const { dtype, shape } = input(call, 0);
      return [{ dtype, shape: permutation(call).map((axis) => shape[axis]!) }];
    },
    evaluate(call) {
      const source = elementsOf(call, 0);
      const order = permutation(call);
      const strides = stridesOf(source.shape);
      return strided(
        source,
        order.map((axis) => source.shape[axis]!),
        order.map((axis) => strides[axis]!),
      );
    },
  },
};
