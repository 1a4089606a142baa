import { elementCount } from '@convlens/onnx';
import { int, ints } from './attribute.js';
import type { Emitter } from './emitter.js';

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/**
 * The same elements in another shape.
 *
 * @param b where to emit
 * @param x a value
 * @param shape extents with the same product
 */
export function reshape(b: Emitter, x: string, shape: readonly number[]): string {
  return equal(b.shape(x), shape) ? x : b.one('Reshape', [x, b.integers(shape)], shape);
}

/**
 * Axes in another order; a Reshape where only axes of extent 1 move.
 *
 * @param b where to emit
 * @param x a value
 * @param order `order[i]` is the axis that becomes axis i
 */
export function transpose(b: Emitter, x: string, order: readonly number[]): string {
  const from = b.shape(x);
  const shape = order.map((axis) => from[axis]!);
  const moving = order.filter((axis) => from[axis] !== 1);
  if (moving.every((axis, i) => i === 0 || axis > moving[i - 1]!)) return reshape(b, x, shape);
  return b.one('Transpose', [x], shape, { perm: ints(order) });
}

/**
 * Adds zeros around a value; negative counts take elements away.
 *
 * @param b where to emit
 * @param x a value
 * @param before how many in front of each axis
 * @param after how many behind each axis
 */
export function pad(
  b: Emitter,
  x: string,
  before: readonly number[],
  after: readonly number[],
): string {
  const kept = window(
    b,
    x,
    before.map((n) => Math.max(-n, 0)),
    b.shape(x).map((extent, axis) => extent + Math.min(after[axis]!, 0)),
  );
  const [front, back] = [before, after].map((counts) => counts.map((n) => Math.max(n, 0))) as [
    number[],
    number[],
  ];
  if ([...front, ...back].every((n) => n === 0)) return kept;
  const shape = b.shape(kept).map((extent, axis) => extent + front[axis]! + back[axis]!);
  return b.one('Pad', [kept, b.integers([...front, ...back])], shape);
}

/**
 * A box of a value.
 *
 * @param b where to emit
 * @param x a value
 * @param starts first index of each axis
 * @param ends index behind the last of each axis
 */
export function window(
  b: Emitter,
  x: string,
  starts: readonly number[],
  ends: readonly number[],
): string {
  const from = b.shape(x);
  const axes = from.flatMap((extent, axis) =>
    starts[axis] === 0 && ends[axis] === extent ? [] : [axis],
  );
  if (axes.length === 0) return x;
  const shape = from.map((_, axis) => ends[axis]! - starts[axis]!);
  const lists = [starts, ends].map((list) => b.integers(axes.map((axis) => list[axis]!)));
  return b.one('Slice', [x, ...lists, b.integers(axes)], shape);
}

/**
 * The part of a value between two indices of one axis.
 *
 * @param b where to emit
 * @param x a value
 * @param axis the axis
 * @param start first index
 * @param end index behind the last
 */
export function part(b: Emitter, x: string, axis: number, start: number, end: number): string {
  const shape = b.shape(x);
  return window(
    b,
    x,
    shape.map((_, i) => (i === axis ? start : 0)),
    shape.map((extent, i) => (i === axis ? end : extent)),
  );
}

/**
 * Reverses axes.
 *
 * @param b where to emit
 * @param x a value
 * @param axes the axes
 */
export function flip(b: Emitter, x: string, axes: readonly number[]): string {
  if (axes.length === 0) return x;
  const fill = (value: number): string => b.integers(axes.map(() => value));
  // The end of a backward slice that takes the first element too is any number far below.
  return b.one('Slice', [x, fill(-1), fill(-(2 ** 31)), b.integers(axes), fill(-1)], b.shape(x));
}

/**
 * Reduces over axes.
 *
 * @param b where to emit
 * @param op the reduction
 * @param x a value
 * @param axes the axes, counted from the front
 * @param keep whether they stay as axes of extent 1
 */
export function reduce(
  b: Emitter,
  op: 'ReduceSum' | 'ReduceMean' | 'ReduceMax',
  x: string,
  axes: readonly number[],
  keep = true,
): string {
  if (axes.length === 0) return x;
  const from = b.shape(x);
  const shape = from.flatMap((extent, axis) =>
    axes.includes(axis) ? (keep ? [1] : []) : [extent],
  );
  if (axes.every((axis) => from[axis] === 1)) return reshape(b, x, shape);
  const asInput = op === 'ReduceSum' || b.opset >= 18;
  return asInput
    ? b.one(op, [x, b.integers(axes)], shape, { keepdims: int(keep ? 1 : 0) })
    : b.one(op, [x], shape, { axes: ints(axes), keepdims: int(keep ? 1 : 0) });
}

/**
 * The sum over what broadcasting repeated: the cotangent of a value from that of what it was broadcast to.
 *
 * @param b where to emit
 * @param x a value
 * @param shape a shape that can be broadcast to that of `x`
 */
export function sumTo(b: Emitter, x: string, shape: readonly number[]): string {
  const from = b.shape(x);
  const lead = from.length - shape.length;
  const axes = from.flatMap((extent, axis) =>
    axis < lead || (shape[axis - lead] === 1 && extent !== 1) ? [axis] : [],
  );
  return reshape(b, reduce(b, 'ReduceSum', x, axes), shape);
}

/**
 * Repeats a value along axes of extent 1.
 *
 * @param b where to emit
 * @param x a value
 * @param shape a shape that the value can be broadcast to
 */
export function expand(b: Emitter, x: string, shape: readonly number[]): string {
  return equal(b.shape(x), shape) ? x : b.one('Expand', [x, b.integers(shape)], shape);
}

/**
 * Zeros.
 *
 * @param b where to emit
 * @param shape extents
 * @param like a float value whose type they take
 */
export function zeros(b: Emitter, shape: readonly number[], like: string): string {
  if (elementCount(shape) === 0) return b.numbers([], shape, like, 'empty');
  return expand(b, b.number(0, like), shape);
}

/**
 * An axis counted from the front.
 *
 * @param axis axis, negative when counted from the end
 * @param rank number of axes
 */
export function fromFront(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
