import { elementCount, type GraphBuilder } from '@convlens/onnx';

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
export function reshape(b: GraphBuilder, x: string, shape: readonly number[]): string {
  return equal(b.shape(x), shape) ? x : b.emit('Reshape', [x], { shape });
}

/**
 * Axes in another order; a Reshape where only axes of extent 1 move.
 *
 * @param b where to emit
 * @param x a value
 * @param order `order[i]` is the axis that becomes axis i
 */
export function transpose(b: GraphBuilder, x: string, order: readonly number[]): string {
  const from = b.shape(x);
  const shape = order.map((axis) => from[axis]!);
  const moving = order.filter((axis) => from[axis] !== 1);
  if (moving.every((axis, i) => i === 0 || axis > moving[i - 1]!)) return reshape(b, x, shape);
  return b.emit('Transpose', [x], { perm: order });
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
  b: GraphBuilder,
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
  return b.emit('Pad', [kept], { pads: [...front, ...back] });
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
  b: GraphBuilder,
  x: string,
  starts: readonly number[],
  ends: readonly number[],
): string {
  const from = b.shape(x);
  const axes = from.flatMap((extent, axis) =>
    starts[axis] === 0 && ends[axis] === extent ? [] : [axis],
  );
  if (axes.length === 0) return x;
  const at = (list: readonly number[]): number[] => axes.map((axis) => list[axis]!);
  return b.emit('Slice', [x], { starts: at(starts), ends: at(ends), axes });
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
export function part(b: GraphBuilder, x: string, axis: number, start: number, end: number): string {
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
export function flip(b: GraphBuilder, x: string, axes: readonly number[]): string {
  if (axes.length === 0) return x;
  const back = axes.map(() => -1);
  // The end of a backward slice that takes the first element too is any number far below.
  const ends = axes.map(() => -(2 ** 31));
  return b.emit('Slice', [x], { starts: back, ends, axes, steps: back });
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
  b: GraphBuilder,
  op: 'ReduceSum' | 'ReduceMean' | 'ReduceMax',
  x: string,
  axes: readonly number[],
  keep = true,
): string {
  if (axes.length === 0) return x;
  const from = b.shape(x);
  if (axes.every((axis) => from[axis] === 1)) {
    return reshape(b, x, keep ? from : from.filter((_, axis) => !axes.includes(axis)));
  }
  return b.emit(op, [x], { axes, keepdims: keep ? 1 : 0 });
}

/**
 * The sum over what broadcasting repeated: the cotangent of a value from that of what it was broadcast to.
 *
 * @param b where to emit
 * @param x a value
 * @param shape a shape that can be broadcast to that of `x`
 */
export function sumTo(b: GraphBuilder, x: string, shape: readonly number[]): string {
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
export function expand(b: GraphBuilder, x: string, shape: readonly number[]): string {
  return equal(b.shape(x), shape) ? x : b.emit('Expand', [x], { shape });
}

/**
 * Zeros.
 *
 * @param b where to emit
 * @param shape extents
 * @param like a float value whose type they take
 */
export function zeros(b: GraphBuilder, shape: readonly number[], like: string): string {
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
