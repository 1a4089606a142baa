import { floatAttribute, stringAttribute } from '../attributes.js';
import { addDims } from '../dims.js';
import type { Dim } from '../graph.js';
import { blank, isSymbolic, stridesOf, type Cells, type Operand } from '../operand.js';
import { elementCount } from '../tensor.js';
import { moved } from './facts.js';
import { namedAxes } from './joining.js';
import { elementsOf, fail, input, list, show, unknownDim, type Call, type Rules } from './rule.js';

/**
 * How much Pad adds before and after each axis; `undefined` when that is only known at run time.
 *
 * @param call a Pad node
 * @throws LensError `E_SHAPE` when the list has the wrong length
 */
function padsOf(call: Call): { before: Dim[]; after: Dim[] } | undefined {
  const { shape } = input(call, 0);
  const pads = list(call, 'pads', 1);
  if (!pads) return undefined;
  const half = pads.length / 2;
  const axes = namedAxes(call, 3, shape.length, half);
  if (axes.length !== half || half > shape.length) {
    fail(
      call,
      `the pads ${show(pads)} must have two numbers for each of the axes of ${show(shape)}.`,
    );
  }
  const before = new Array<Dim>(shape.length).fill(0);
  const after = [...before];
  axes.forEach((axis, i) => {
    before[axis] = pads[i]!;
    after[axis] = pads[i + half]!;
  });
  return { before, after };
}

/** Pad, with attributes (before operator set 11) and with inputs. */
export const padding: Rules = {
  Pad: {
    parameters: {
      mode: ['constant', 'reflect', 'edge', 'wrap'],
      pads: moved('ints', 1, 11),
      value: moved('float', 2, 11),
      axes: moved('ints', 3, 18),
    },
    role: 'plumbing',
    float16: true,
    tame: true,
    passes(call) {
      const pads = padsOf(call);
      return pads !== undefined && [...pads.before, ...pads.after].every((n) => n === 0);
    },
    infer(call) {
      const { dtype, shape } = input(call, 0);
      const pads = padsOf(call);
      const out = shape.map((extent, axis) =>
        pads
          ? addDims(addDims(extent, pads.before[axis]!), pads.after[axis]!)
          : unknownDim(call, axis),
      );
      if (out.some((extent) => typeof extent === 'number' && extent < 0)) {
        fail(call, `the pads remove more than there is of ${show(shape)}.`);
      }
      return [{ dtype, shape: out }];
    },
    evaluate(call) {
      const source = elementsOf(call, 0);
      const pads = padsOf(call) as { before: number[]; after: number[] };
      const all = [...pads.before, ...pads.after];
      const isPlain = all.every((n) => typeof n === 'number' && n >= 0);
      if (!isPlain || stringAttribute(call.node, 'mode', 'constant') !== 'constant')
        return undefined;
      const shape = source.shape.map(
        (extent, axis) => extent + pads.before[axis]! + pads.after[axis]!,
      );
      const out = blank(source, elementCount(shape));
      fill(out, call, source);
      const steps = stridesOf(source.shape);
      const strides = stridesOf(shape);
      for (let i = 0; i < source.data.length; i++) {
        let at = 0;
        for (let axis = 0; axis < shape.length; axis++) {
          const index = Math.floor(i / steps[axis]!) % source.shape[axis]!;
          at += (index + pads.before[axis]!) * strides[axis]!;
        }
        out[at] = source.data[i]!;
      }
      return { dtype: source.dtype, shape, data: out };
    },
  },
};

/** Sets what a constant pad adds; typed arrays are zero already. */
function fill(out: Cells, call: Call, source: Operand): void {
  const value = call.inputs[2]?.constant?.data[0] ?? floatAttribute(call.node, 'value', 0);
  const symbolic = isSymbolic(source);
  if (!Number(value) && !symbolic) return;
  const cell = symbolic ? Number(value) : typeof out[0] === 'bigint' ? BigInt(value) : value;
  for (let i = 0; i < out.length; i++) out[i] = cell;
}
