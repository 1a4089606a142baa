import { intAttribute, intsAttribute } from '../attributes.js';
import { addDims, roundedQuotient } from '../dims.js';
import type { Dim } from '../graph.js';
import { blank, isSymbolic, settle, strided, stridesOf, toDims } from '../operand.js';
import { elementCount } from '../tensor.js';
import { moved } from './facts.js';
import {
  allElements,
  axisOf,
  elementsOf,
  fail,
  input,
  int,
  numbers,
  shapeOf,
  show,
  type Call,
  type Rules,
} from './rule.js';

function concatAxis(call: Call): number {
  const axis = intAttribute(call.node, 'axis', undefined);
  if (axis !== undefined) return axisOf(call, axis, shapeOf(call, 0, 1).length);
  return fail(call, 'the attribute axis is missing.', 'E_ONNX_INVALID');
}

/** Extents of Split's parts along its axis. */
function partsOf(call: Call, extent: Dim): Dim[] {
  const given = numbers(call, 'split', 1);
  if (given) return [...given];
  const parts = int(call, 'num_outputs', call.node.outputs.length);
  const size = roundedQuotient(extent, parts, 'ceil');
  const out = new Array<Dim>(parts).fill(size);
  // The last part is smaller when the parts cannot be equal.
  if (typeof extent === 'number') out[parts - 1] = extent - (size as number) * (parts - 1);
  return out;
}

/** Concat and Split. */
export const joining: Rules = {
  Concat: {
    parameters: { axis: 'int' },
    role: 'concat',
    pointwise: true,
    float16: true,
    tame: true,
    passes: ({ inputs }) => inputs.length === 1,
    infer(call) {
      const first = shapeOf(call, 0, 1);
      const axis = concatAxis(call);
      const out = [...first];
      for (const [i, other] of call.inputs.slice(1).entries()) {
        const shape = other?.shape ?? [];
        const fits =
          shape.length === out.length &&
          shape.every(
            (d, a) =>
              a === axis || d === out[a] || typeof d === 'string' || typeof out[a] === 'string',
          );
        if (!fits) {
          fail(
            call,
            `input ${i + 2} has shape ${show(shape)}, which does not join ${show(first)} along axis ${axis}: the other extents must be equal.`,
          );
        }
        shape.forEach((extent, a) => {
          if (a === axis) out[a] = addDims(out[a]!, extent);
          else if (typeof extent === 'number') out[a] = extent;
        });
      }
      return [{ dtype: input(call, 0).dtype, shape: out }];
    },
    evaluate(call) {
      const axis = concatAxis(call);
      let operands = allElements(call);
      if (operands.some(isSymbolic)) operands = operands.map((o) => ({ ...o, data: toDims(o) }));
      const first = operands[0]!;
      const shape = [...first.shape];
      shape[axis] = operands.reduce((sum, { shape }) => sum + shape[axis]!, 0);
      const out = blank(first, elementCount(shape));
      const inner = elementCount(shape.slice(axis + 1));
      const row = inner * shape[axis];
      let start = 0;
      for (const { shape: own, data } of operands) {
        const width = inner * own[axis]!;
        for (let i = 0; i < data.length; i++) {
          out[Math.floor(i / width) * row + start + (i % width)] = data[i]!;
        }
        start += width;
      }
      return settle({ dtype: first.dtype, shape, data: out });
    },
  },
  Split: {
    parameters: { axis: 'int', num_outputs: 'int', split: moved('ints', 1, 13) },
    role: 'plumbing',
    tame: true,
    infer(call) {
      const { dtype } = input(call, 0);
      const shape = shapeOf(call, 0, 1);
      const axis = axisOf(call, int(call, 'axis', 0), shape.length);
      const parts = partsOf(call, shape[axis]!);
      const sum = parts.reduce(addDims, 0);
      if (typeof sum === 'number' && typeof shape[axis] === 'number' && sum !== shape[axis]) {
        fail(
          call,
          `the parts ${show(parts)} do not add up to the ${shape[axis]} of axis ${axis} of ${show(shape)}.`,
        );
      }
      return parts.map((part) => ({
        dtype,
        shape: shape.map((extent, a) => (a === axis ? part : extent)),
      }));
    },
    evaluate(call) {
      const source = elementsOf(call, 0);
      const axis = axisOf(call, int(call, 'axis', 0), source.shape.length);
      const strides = stridesOf(source.shape);
      let start = 0;
      return partsOf(call, source.shape[axis]!).map((part) => {
        const shape = source.shape.map((extent, a) => (a === axis ? (part as number) : extent));
        const out = strided(source, shape, strides, start * strides[axis]!);
        start += part as number;
        return settle(out);
      });
    },
  },
};

/**
 * Axes of a list that names them, counted from the front.
 *
 * @param call the node
 * @param index the input that holds them, where they are not an attribute
 * @param rank number of axes of the data
 * @param length how many there must be; the first so many when none are named
 */
export function namedAxes(call: Call, index: number, rank: number, length: number): number[] {
  const axes =
    intsAttribute(call.node, 'axes', undefined) ??
    numbers(call, 'axes', index) ??
    Array.from({ length }, (_, i) => i);
  return axes.map((axis) => axisOf(call, axis, rank));
}
