import { geometryOf, type Geometry } from '@convlens/autodiff';
import { intsAttribute, LensError, producers, type Graph, type TensorData } from '@convlens/onnx';
import { mapExtents } from '../feature-maps/statistics.js';

/** A max-pooling of a graph: what it reads, and how its window moves. */
export interface MaxPooling {
  /** Name of the value that is pooled. */
  readonly source: string;
  /** Over rows and columns: `from` are the extents of the source, `to` those of the result. */
  readonly geometry: Geometry;
}

/**
 * The max-pooling that makes a value.
 *
 * @param graph with shapes inferred
 * @param value its name
 * @returns undefined when something else makes it, or it pools over other than two axes
 */
export function maxPoolingOf(graph: Graph, value: string): MaxPooling | undefined {
  const node = producers(graph).get(value);
  const source = node?.inputs[0];
  if (source === undefined || !node || !/^(Global)?MaxPool$/.test(node.op)) return undefined;
  const extents = (name: string): number[] =>
    (graph.values.get(name)?.shape ?? []).slice(2).filter((extent) => typeof extent === 'number');
  const [from, to] = [extents(source), extents(value)];
  if (from.length !== 2 || to.length !== 2) return undefined;
  const kernel = node.op === 'MaxPool' ? intsAttribute(node, 'kernel_shape', [1, 1]) : from;
  return { source, geometry: geometryOf(node, from, to, kernel) };
}

/**
 * The switches of a max-pooling: for every pooled place, where its value came from. Of equal values the first in row
 * order of the window wins, as in the backward pass (Zeiler and Fergus 2014, section 2.1). Padding never wins.
 *
 * @param source what is pooled, float32 `[1, C, H, W]` or `[C, H, W]`
 * @param geometry how the window moves
 * @returns `[C, rows, columns]` of the result: row * W + column in the source; -1 for a window without a number
 * @throws LensError `E_SHAPE` when the source is not of the geometry's extents
 */
export function poolingSwitches(source: TensorData<'float32'>, geometry: Geometry): Int32Array {
  const [channels, height, width] = mapExtents(source.shape);
  const [rows = 1, columns = 1] = geometry.to;
  if (height !== geometry.from[0] || width !== geometry.from[1]) {
    throw new LensError(
      'E_SHAPE',
      `Expected a map of ${geometry.from.join(' x ')} to pool, got shape [${source.shape.join(', ')}].`,
    );
  }
  const vertical = taps(geometry, 0);
  const horizontal = taps(geometry, 1);
  const switches = new Int32Array(channels * rows * columns).fill(-1);
  let at = 0;
  for (let channel = 0; channel < channels; channel++) {
    const start = channel * height * width;
    for (const inRows of vertical) {
      for (const inColumns of horizontal) {
        let most = -Infinity;
        for (const y of inRows) {
          for (const x of inColumns) {
            const value = source.data[start + y * width + x]!;
            // The second test lets a window of nothing but minus infinity have a winner.
            if (value > most || (switches[at] === -1 && value === most)) {
              most = value;
              switches[at] = y * width + x;
            }
          }
        }
        at++;
      }
    }
  }
  return switches;
}

/** For every place of the window along an axis, the positions inside the map that it covers. */
function taps(geometry: Geometry, axis: 0 | 1): readonly (readonly number[])[] {
  const [kernel, stride, dilation, before, from, to] = [
    geometry.kernel[axis]!,
    geometry.strides[axis]!,
    geometry.dilations[axis]!,
    geometry.before[axis]!,
    geometry.from[axis]!,
    geometry.to[axis]!,
  ];
  return Array.from({ length: to }, (_, place) =>
    Array.from({ length: kernel }, (_, tap) => place * stride - before + tap * dilation).filter(
      (position) => position >= 0 && position < from,
    ),
  );
}
