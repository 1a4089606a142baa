import { intsAttribute } from '../attributes.js';
import { multiplyDims } from '../dims.js';
import type { Dim } from '../graph.js';
import { blank, isSymbolic, ofDims, stridesOf, toDims, type Cell } from '../operand.js';
import { elementCount } from '../tensor.js';
import { computable, stored } from './elements.js';
import { moved, type Facts } from './facts.js';
import {
  axisOf,
  elementsOf,
  input,
  int,
  likeFirst,
  list,
  shapeOf,
  unknownDim,
  type Call,
  type Rule,
  type Rules,
} from './rule.js';

/** The axes that are reduced; `undefined` when they are only known at run time. */
function axesOf(call: Call): number[] | undefined {
  const { length } = shapeOf(call, 0);
  const axes = intsAttribute(call.node, 'axes', undefined) ?? list(call, 'axes', 1);
  if (axes?.some((axis) => typeof axis !== 'number') || (!axes && call.inputs[1])) return undefined;
  if (axes && axes.length > 0) return axes.map((axis) => axisOf(call, axis as number, length));
  return int(call, 'noop_with_empty_axes', 0) ? [] : Array.from({ length }, (_, axis) => axis);
}

function without(shape: readonly Dim[], axes: readonly number[], keep: boolean): Dim[] {
  return shape.flatMap((extent, axis) => (axes.includes(axis) ? (keep ? [1] : []) : [extent]));
}

function reduction(
  facts: Facts = {},
  f?: (a: number, b: number) => number,
  scale?: boolean,
  axesMoved = 18,
): Rule {
  const infer: Rule['infer'] = (call) => {
    const { dtype, shape } = input(call, 0);
    const axes = axesOf(call);
    const keep = int(call, 'keepdims', 1) === 1;
    if (axes) return [{ dtype, shape: without(shape, axes, keep) }];
    return [{ dtype, shape: keep ? shape.map((_, axis) => unknownDim(call, axis)) : undefined }];
  };
  const parameters = {
    axes: moved('ints', 1, axesMoved),
    keepdims: 'int',
    noop_with_empty_axes: 'int',
  } as const;
  const row: Rule = { parameters, ...facts, infer };
  if (!f) return row;
  return {
    ...row,
    evaluate(call) {
      const source = elementsOf(call, 0);
      const axes = axesOf(call);
      if (!axes) return undefined;
      const shape = infer(call)[0]?.shape as readonly number[];
      if (isSymbolic(source)) {
        const isProduct = call.node.op === 'ReduceProd' && elementCount(shape) === 1;
        return isProduct ? ofDims([multiplyDims(toDims(source))], shape, source.dtype) : undefined;
      }
      const x = computable(source);
      const out = blank(x, elementCount(shape));
      const seen = new Uint8Array(out.length);
      const steps = stridesOf(x.shape);
      const strides = stridesOf(without(x.shape, axes, true) as number[]);
      for (let i = 0; i < x.data.length; i++) {
        let at = 0;
        for (let axis = 0; axis < steps.length; axis++) {
          if (axes.includes(axis)) continue;
          const index = Math.floor(i / steps[axis]!) % x.shape[axis]!;
          at += index * strides[axis]!;
        }
        const value = x.data[i] as number;
        out[at] = seen[at] ? f(out[at] as number, value) : value;
        seen[at] = 1;
      }
      if (out.length > 0 && x.data.length === 0) return undefined;
      if (scale) divideAll(out as Cell[], x.data.length / out.length);
      return stored({ ...x, shape, data: out }, source.dtype);
    },
  };
}

function divideAll(cells: Cell[], by: number): void {
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i]!;
    cells[i] = typeof cell === 'bigint' ? cell / BigInt(by) : (cell as number) / by;
  }
}

const arg: Rule = {
  parameters: { axis: 'int', keepdims: 'int', select_last_index: 'int' },
  infer(call) {
    const shape = shapeOf(call, 0);
    const axis = axisOf(call, int(call, 'axis', 0), shape.length);
    return [{ dtype: 'int64', shape: without(shape, [axis], int(call, 'keepdims', 1) === 1) }];
  },
};

const shapeOnly = reduction();

/** Operators that take axes away, and those that order along one. */
export const reducing: Rules = {
  ReduceSum: reduction({ tame: true }, (a, b) => a + b, false, 13),
  ReduceProd: reduction({}, (a, b) => a * b),
  ReduceMax: reduction({ role: 'pool' }, (a, b) => (a > b || a !== a ? a : b)),
  ReduceMin: reduction({}, (a, b) => (a < b || a !== a ? a : b)),
  ReduceMean: reduction({ role: 'pool', tame: true }, (a, b) => a + b, true),
  ReduceL1: shapeOnly,
  ReduceL2: shapeOnly,
  ReduceLogSum: shapeOnly,
  ReduceLogSumExp: shapeOnly,
  ReduceSumSquare: shapeOnly,
  ArgMax: arg,
  ArgMin: arg,
  CumSum: {
    since: 11,
    parameters: { exclusive: 'int', reverse: 'int' },
    infer: likeFirst,
  },
  TopK: {
    parameters: { axis: 'int', k: moved('int', 1, 10), largest: 'int', sorted: 'int' },
    infer(call) {
      const { dtype, shape } = input(call, 0);
      const axis = axisOf(call, int(call, 'axis', -1), shape.length);
      const k = call.inputs[1]?.constant?.data[0] ?? call.node.attributes.k?.value;
      const extent =
        k === undefined ? unknownDim(call, axis) : typeof k === 'string' ? k : Number(k);
      const out = shape.with(axis, extent);
      return [
        { dtype, shape: out },
        { dtype: 'int64', shape: out },
      ];
    },
  },
};
