import { addDims, roundedQuotient } from '../dims.js';
import type { Dim } from '../graph.js';
import { settle, strided, stridesOf } from '../operand.js';
import { moved } from './facts.js';
import { namedAxes } from './joining.js';
import { elementsOf, input, list, unknownDim, type Call, type Rules } from './rule.js';

/** Ends from here on mean "to the end"; exporters write the largest int32 or int64. */
const endless = 2 ** 31 - 1;

/** One axis of a slice whose extents are numbers: where it begins, its step and how many it takes. */
interface Range {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** numpy's rule for a slice of an axis of known extent. */
function rangeOf(extent: number, start: number, end: number, step: number): Range {
  const clamp = (value: number, low: number, high: number): number =>
    Math.min(Math.max(value < 0 ? value + extent : value, low), high);
  const from = step > 0 ? clamp(start, 0, extent) : clamp(start, 0, extent - 1);
  const to = step > 0 ? clamp(end, 0, extent) : clamp(end, -1, extent - 1);
  return { start: from, step, count: Math.max(0, Math.ceil((to - from) / step)) };
}

/** The extent of a slice of an axis that is only known at run time, where it can be told. */
function symbolicCount(extent: Dim, start: Dim, end: Dim, step: number): Dim | undefined {
  if (typeof start !== 'number') return undefined;
  if (step === -1 && start === -1 && typeof end === 'number' && end < -endless) return extent;
  if (step < 1) return undefined;
  // From the front to the back, each end counted from where it cannot be cut short by a small extent.
  const toEnd = end === extent || (typeof end === 'number' && end >= endless);
  if (start >= 0 && toEnd) return roundedQuotient(addDims(extent, -start), step, 'ceil');
  if (start >= 0 && typeof end === 'number' && end < 0) {
    return roundedQuotient(addDims(extent, end - start), step, 'ceil');
  }
  if (start < 0 && toEnd && step === 1) return -start;
  return undefined;
}

interface Cut {
  readonly axis: number;
  readonly start: Dim;
  readonly end: Dim;
  readonly step: number;
}

function cutsOf(call: Call): Cut[] | undefined {
  const { shape } = input(call, 0);
  const starts = list(call, 'starts', 1);
  const ends = list(call, 'ends', 2);
  if (!starts || !ends) return undefined;
  const axes = namedAxes(call, 3, shape.length, starts.length);
  const steps = list(call, 'steps', 4);
  return axes.map((axis, i) => ({
    axis,
    start: starts[i]!,
    end: ends[i]!,
    step: (steps?.[i] ?? 1) as number,
  }));
}

/** Slice, with attributes (before operator set 10) and with inputs. */
export const slicing: Rules = {
  Slice: {
    parameters: {
      starts: moved('ints', 1, 10),
      ends: moved('ints', 2, 10),
      axes: moved('ints', 3, 10),
      steps: moved('ints', 4, 10),
    },
    role: 'plumbing',
    float16: true,
    tame: true,
    infer(call) {
      const { dtype, shape } = input(call, 0);
      const cuts = cutsOf(call);
      if (!cuts) return [{ dtype, shape: shape.map((_, axis) => unknownDim(call, axis)) }];
      const out = [...shape];
      for (const { axis, start, end, step } of cuts) {
        const extent = shape[axis]!;
        const known = [extent, start, end].every((v) => typeof v === 'number');
        out[axis] = known
          ? rangeOf(extent as number, start as number, end as number, step).count
          : (symbolicCount(extent, start, end, step) ?? unknownDim(call, axis));
      }
      return [{ dtype, shape: out }];
    },
    evaluate(call) {
      const source = elementsOf(call, 0);
      const cuts = cutsOf(call)!;
      const shape = [...source.shape];
      const strides = stridesOf(shape);
      let offset = 0;
      for (const { axis, start, end, step } of cuts) {
        if (typeof start === 'string' || typeof end === 'string') return undefined;
        const range = rangeOf(shape[axis]!, start, end, step);
        offset += range.start * strides[axis]!;
        strides[axis] = strides[axis]! * step;
        shape[axis] = range.count;
      }
      return settle(strided(source, shape, strides, offset));
    },
  },
};
