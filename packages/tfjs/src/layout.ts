import { elementCount } from '@convlens/onnx';
import type { Elements } from './plan.js';

/**
 * Order of a tensor's axes in memory: as in the graph, or with the channels behind the spatial axes (NHWC), which the
 * kernels for images want. Only tensors of four axes have both.
 */
export type Layout = 'plain' | 'last';

/** Brings `[N, C, H, W]` to `[N, H, W, C]`. */
export const TO_LAST: readonly number[] = [0, 2, 3, 1];
/** Brings `[N, H, W, C]` to `[N, C, H, W]`. */
export const TO_PLAIN: readonly number[] = [0, 3, 1, 2];
/** Where an axis of the graph lies when the channels are last. */
export const AXIS_IN_LAST: readonly number[] = [0, 3, 1, 2];

/**
 * Axes in another order.
 *
 * @param list one entry an axis
 * @param order which entry comes first, second, ...
 */
export function permute<T>(list: readonly T[], order: readonly number[]): T[] {
  return order.map((axis) => list[axis]!);
}

/**
 * Whether exchanging the axes leaves every element where it lies in memory, because only axes of extent 1 move.
 *
 * @param shape extents before
 * @param order the axes in their new order
 */
export function isFree(shape: readonly number[], order: readonly number[]): boolean {
  const moved = order.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || moved[i - 1]! < axis);
}

/**
 * Elements with their axes exchanged.
 *
 * @param data elements in row-major order
 * @param shape extents before
 * @param order the axes in their new order
 */
export function transposed<T extends Elements>(
  data: T,
  shape: readonly number[],
  order: readonly number[],
): T {
  if (isFree(shape, order)) return data;
  const steps = new Array<number>(shape.length);
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    steps[axis] = step;
    step *= shape[axis]!;
  }
  const extents = permute(shape, order);
  const strides = permute(steps, order);
  const result = new (data.constructor as new (count: number) => T)(elementCount(shape));
  const rank = extents.length;
  const [inner, stride] = [extents[rank - 1]!, strides[rank - 1]!];
  const index = new Array<number>(rank).fill(0);
  for (let at = 0, from = 0; at < result.length; at += inner) {
    for (let i = 0; i < inner; i++) result[at + i] = data[from + i * stride]!;
    for (let axis = rank - 2; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < extents[axis]!) break;
      from -= strides[axis]! * extents[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
