import { elementCount } from '@convlens/onnx';
import type { GraphBuilder } from '@convlens/onnx';
import type { Geometry } from '../geometry.js';

/** All index tuples of a shape, in row order. */
function* indices(shape: readonly number[]): Generator<number[]> {
  const count = elementCount(shape);
  for (let flat = 0; flat < count; flat++) {
    const index = new Array<number>(shape.length);
    for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
      index[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    yield index;
  }
}

function flatten(index: readonly number[], shape: readonly number[]): number {
  return index.reduce((flat, at, axis) => flat * shape[axis]! + at, 0);
}

/**
 * For windows side by side: the rank of each position in its window, the first one largest.
 *
 * @param b where to emit
 * @param geometry how the window moves
 * @param like a value of the wanted type
 * @returns `[1, 1, ...from]`
 */
export function ranksInPlace(
  b: GraphBuilder,
  { kernel, before, from }: Geometry,
  like: string,
): string {
  const taps = elementCount(kernel);
  const data = new Float32Array(elementCount(from));
  let at = 0;
  for (const index of indices(from)) {
    const tap = index.map((position, axis) => (position + before[axis]!) % kernel[axis]!);
    data[at++] = taps - flatten(tap, kernel);
  }
  return b.numbers(data, [1, 1, ...from], like, 'ranks');
}

/**
 * For windows taken apart: the rank of each of a window's positions, the first one largest; 0 for those outside the
 * image, which must not be taken for a maximum of 0.
 *
 * @param b where to emit
 * @param geometry how the window moves
 * @param like a value of the wanted type
 * @returns `[1, taps, ...to]`, or `[1, taps, 1, ...]` when no window reaches outside
 */
export function ranksOfWindows(b: GraphBuilder, geometry: Geometry, like: string): string {
  const { kernel, strides, dilations, before, from, to } = geometry;
  const taps = elementCount(kernel);
  const data = new Float32Array(taps * elementCount(to));
  let outside = false;
  let at = 0;
  let rank = taps;
  for (const tap of indices(kernel)) {
    for (const window of indices(to)) {
      const inside = window.every((step, axis) => {
        const position = step * strides[axis]! + tap[axis]! * dilations[axis]! - before[axis]!;
        return position >= 0 && position < from[axis]!;
      });
      outside ||= !inside;
      data[at++] = inside ? rank : 0;
    }
    rank--;
  }
  if (outside) return b.numbers(data, [1, taps, ...to], like, 'ranks');
  const plain = Float32Array.from({ length: taps }, (_, tap) => taps - tap);
  return b.numbers(plain, [1, taps, ...to.map(() => 1)], like, 'ranks');
}

/**
 * Filters that take a window apart: filter t is 1 at position t and 0 elsewhere.
 *
 * @param b where to emit
 * @param kernel extents of the window
 * @param like a value of the wanted type
 * @returns `[taps, 1, ...kernel]`
 */
export function oneHotFilters(b: GraphBuilder, kernel: readonly number[], like: string): string {
  const taps = elementCount(kernel);
  const data = new Float32Array(taps * taps);
  for (let tap = 0; tap < taps; tap++) data[tap * (taps + 1)] = 1;
  return b.numbers(data, [taps, 1, ...kernel], like, 'one_hot');
}
