import {
  elementCount,
  intAttribute,
  intsAttribute,
  stringAttribute,
  type Node,
} from '@convlens/onnx';
import { multiply, scale } from '../algebra.js';
import { spread } from '../convolution.js';
import type { GraphBuilder } from '@convlens/onnx';
import { geometryOf, kernelOf, overhang, tiles, type Geometry } from '../geometry.js';
import type { Rules } from '../rule.js';
import { expand } from '../shaping.js';
import { repeatWindows } from './repeat-windows.js';

/**
 * AveragePool: every position of a window gets the window's cotangent over the number of positions that were
 * averaged. Windows side by side repeat it; with stride 1 the sum over the windows is an average pooling again; else
 * it is a transposed depthwise convolution with ones.
 */
export const averagePool: Rules = {
  AveragePool: (step) => {
    const { b, node, dy } = step;
    const [from, to] = [step.shape().slice(2), b.shape(step.y).slice(2)];
    const geometry = geometryOf(node, from, to, kernelOf(node, from.length));
    const share = divideByCount(b, dy, node, geometry);
    return [backFromWindows(b, share, geometry)];
  },

  /** GlobalAveragePool: every position gets the cotangent over the number of positions. */
  GlobalAveragePool: (step) => {
    const shape = step.shape();
    const share = scale(step.b, step.dy, 1 / elementCount(shape.slice(2)));
    return [expand(step.b, share, shape)];
  },
};

/**
 * Gives every position the sum of the values of the windows it lies in.
 *
 * @param b where to emit
 * @param share one value a window: `[batch, channels, ...to]`
 * @param geometry how the window moves
 * @returns `[batch, channels, ...from]`
 */
export function backFromWindows(b: GraphBuilder, share: string, geometry: Geometry): string {
  if (tiles(geometry)) return repeatWindows(b, share, geometry);
  return poolBack(b, share, geometry) ?? sumWindows(b, share, geometry);
}

function divideByCount(b: GraphBuilder, dy: string, node: Node, geometry: Geometry): string {
  const { kernel, strides, dilations, before, from, to } = geometry;
  const include = intAttribute(node, 'count_include_pad', 0) === 1;
  const automatic = stringAttribute(node, 'auto_pad', 'NOTSET').startsWith('SAME');
  // What ceil_mode adds behind the padding counts nowhere.
  const after = automatic
    ? overhang(geometry)
    : from.map((_, axis) => intsAttribute(node, 'pads', [])[from.length + axis] ?? 0);
  // The number of positions is a product over the axes, so one list an axis is enough.
  const counts = from.map((extent, axis) => {
    const first = include ? -before[axis]! : 0;
    const end = extent + (include ? Math.max(after[axis]!, 0) : 0);
    return Array.from({ length: to[axis]! }, (_, window) => {
      let count = 0;
      for (let tap = 0; tap < kernel[axis]!; tap++) {
        const at = window * strides[axis]! + tap * dilations[axis]! - before[axis]!;
        if (at >= first && at < end) count++;
      }
      return Math.max(count, 1);
    });
  });
  if (counts.every((list) => list.every((count) => count === list[0]))) {
    return scale(b, dy, 1 / counts.reduce((product, list) => product * list[0]!, 1));
  }
  const data = counts.reduce((map, list) => map.flatMap((a) => list.map((c) => a * c)), [1]);
  const inverse = data.map((count) => 1 / count);
  return multiply(b, dy, b.numbers(inverse, [1, 1, ...to], dy, 'inverse_counts'));
}

function poolBack(b: GraphBuilder, share: string, geometry: Geometry): string | undefined {
  const { kernel, strides, dilations, before } = geometry;
  const front = kernel.map((extent, axis) => extent - 1 - before[axis]!);
  const back = overhang(geometry).map((n, axis) => kernel[axis]! - 1 - n);
  const fits = [...front, ...back].every((n, i) => n >= 0 && n < kernel[i % kernel.length]!);
  if (!fits || [...strides, ...dilations].some((n) => n !== 1)) return undefined;
  const pooled = b.emit('AveragePool', [share], {
    count_include_pad: 1,
    kernel_shape: kernel,
    pads: [...front, ...back],
    strides: strides,
  });
  return scale(b, pooled, elementCount(kernel));
}

function sumWindows(b: GraphBuilder, share: string, geometry: Geometry): string {
  const channels = b.shape(share)[1]!;
  const data = new Float32Array(channels * elementCount(geometry.kernel)).fill(1);
  const ones = b.numbers(data, [channels, 1, ...geometry.kernel], share, 'ones');
  return spread(b, share, ones, geometry, channels);
}
