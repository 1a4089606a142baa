import { multiplyDims } from '../dims.js';
import { blank, settle, strided, stridesOf, toDims } from '../operand.js';
import { elementCount } from '../tensor.js';
import { moved } from './facts.js';
import {
  axisOf,
  elementsOf,
  fail,
  input,
  int,
  likeFirst,
  shapeOf,
  show,
  unknownDim,
  type Call,
  type Rules,
} from './rule.js';

/** How what is written at one place several times is put together. */
const REDUCTIONS = ['none', 'add', 'mul', 'max', 'min'];

function gatherAxis(call: Call): number {
  return axisOf(call, int(call, 'axis', 0), shapeOf(call, 0, 1).length);
}

/** Reading and writing elements at indices. */
export const indexing: Rules = {
  Gather: {
    parameters: { axis: 'int' },
    infer(call) {
      const { dtype, shape } = input(call, 0);
      const axis = gatherAxis(call);
      return [
        { dtype, shape: [...shape.slice(0, axis), ...shapeOf(call, 1), ...shape.slice(axis + 1)] },
      ];
    },
    evaluate(call) {
      const source = elementsOf(call, 0);
      const indices = elementsOf(call, 1);
      const axis = gatherAxis(call);
      const extent = source.shape[axis]!;
      const outer = elementCount(source.shape.slice(0, axis));
      const inner = elementCount(source.shape.slice(axis + 1));
      const length = indices.data.length;
      const out = blank(source, outer * length * inner);
      for (let i = 0; i < length; i++) {
        const value = Number(indices.data[i]);
        const index = value < 0 ? value + extent : value;
        if (!(index >= 0 && index < extent)) {
          fail(call, `the index ${value} is outside of axis ${axis} of ${show(source.shape)}.`);
        }
        for (let o = 0; o < outer; o++) {
          for (let j = 0; j < inner; j++) {
            out[(o * length + i) * inner + j] = source.data[(o * extent + index) * inner + j]!;
          }
        }
      }
      const shape = [
        ...source.shape.slice(0, axis),
        ...indices.shape,
        ...source.shape.slice(axis + 1),
      ];
      return settle({ dtype: source.dtype, shape, data: out });
    },
  },
  GatherElements: {
    since: 11,
    parameters: { axis: 'int' },
    infer: (call) => [{ dtype: input(call, 0).dtype, shape: shapeOf(call, 1) }],
  },
  GatherND: {
    since: 11,
    parameters: { batch_dims: 'int' },
    infer(call) {
      const { dtype, shape } = input(call, 0);
      const indices = shapeOf(call, 1, 1);
      const depth = indices.at(-1)!;
      if (typeof depth === 'string') return [{ dtype, shape: undefined }];
      const skip = int(call, 'batch_dims', 0) + depth;
      if (skip > shape.length) {
        fail(call, `the indices ${show(indices)} reach deeper than the axes of ${show(shape)}.`);
      }
      return [{ dtype, shape: [...indices.slice(0, -1), ...shape.slice(skip)] }];
    },
  },
  Scatter: { since: 9, until: 10, parameters: { axis: 'int' }, infer: likeFirst },
  ScatterElements: {
    since: 11,
    parameters: { axis: 'int', reduction: REDUCTIONS },
    infer: likeFirst,
  },
  ScatterND: { since: 11, parameters: { reduction: REDUCTIONS }, infer: likeFirst },
  OneHot: {
    since: 9,
    parameters: { axis: 'int' },
    infer(call) {
      const indices = shapeOf(call, 0);
      const depth = input(call, 1).constant?.data[0];
      const rank = indices.length + 1;
      const axis = axisOf(call, int(call, 'axis', -1), rank);
      const extent =
        typeof depth === 'string'
          ? depth
          : depth === undefined
            ? unknownDim(call, axis)
            : Number(depth);
      return [{ dtype: input(call, 2).dtype, shape: indices.toSpliced(axis, 0, extent) }];
    },
  },
  NonZero: {
    since: 9,
    infer: (call) => [{ dtype: 'int64', shape: [shapeOf(call, 0).length, unknownDim(call, 1)] }],
  },
  Tile: {
    parameters: { repeats: moved('ints', 1, 6) },
    infer(call) {
      const { dtype, shape } = input(call, 0);
      const repeats = input(call, 1).constant;
      return [
        {
          dtype,
          shape: shape.map((extent, axis) =>
            repeats ? multiplyDims([extent, toDims(repeats)[axis]!]) : unknownDim(call, axis),
          ),
        },
      ];
    },
    evaluate(call) {
      const source = elementsOf(call, 0);
      const repeats = toDims(elementsOf(call, 1)) as readonly number[];
      if (repeats.some((times) => typeof times !== 'number')) return undefined;
      const steps = stridesOf(source.shape);
      // Each axis becomes two: the repeats, which do not move, and the axis itself.
      const tiled = strided(
        source,
        source.shape.flatMap((extent, axis) => [repeats[axis]!, extent]),
        steps.flatMap((step) => [0, step]),
      );
      return settle({
        ...tiled,
        shape: source.shape.map((d, axis) => d * repeats[axis]!),
      });
    },
  },
};
