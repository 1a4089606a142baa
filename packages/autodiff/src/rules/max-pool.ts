import { elementCount, intAttribute } from '@convlens/onnx';
import { choose, compare } from '../algebra.js';
import { convolve, spread } from '../convolution.js';
import { geometryOf, kernelOf, tiles, windowAttributes, type Geometry } from '../geometry.js';
import type { Rules, Step } from '../rule.js';
import { reduce, reshape, zeros } from '../shaping.js';
import { oneHotFilters, ranksInPlace, ranksOfWindows } from './max-pool-constants.js';
import { repeatWindows } from './repeat-windows.js';

/**
 * MaxPool: each window's cotangent goes to its maximum, the first one in row order on a tie (as in PyTorch, and as
 * Zeiler's switches). Three programs do it:
 *
 * - Windows side by side (stride = kernel): compare the input with the maximum repeated over the window. Every
 *   position that has it gets its rank in the window, largest first; the largest rank of the window is the first
 *   maximum.
 * - `indices`: MaxPool's second output says where each maximum was; ScatterElements adds the cotangents up there.
 * - `portable`: a depthwise convolution with one-hot filters takes the windows apart, ranks choose the first maximum,
 *   and the transposed convolution puts the cotangents back.
 */
export const maxPool: Rules = {
  MaxPool: (step) => {
    const { b, node } = step;
    const [from, to] = [step.shape().slice(2), b.shape(step.y).slice(2)];
    const geometry = geometryOf(node, from, to, kernelOf(node, from.length));
    if (tiles(geometry)) return [sideBySide(step, geometry)];
    return [step.options.pool === 'indices' ? byIndices(step) : byWindows(step, geometry)];
  },

  /** GlobalMaxPool: as MaxPool with one window. */
  GlobalMaxPool: (step) => {
    const { b } = step;
    const shape = step.shape();
    const axes = shape.slice(2).map((_, axis) => axis + 2);
    const count = elementCount(shape.slice(2));
    const data = Float32Array.from({ length: count }, (_, i) => count - i);
    const ranks = b.numbers(data, [1, 1, ...shape.slice(2)], step.x(), 'ranks');
    const ranked = choose(b, compare(b, 'Equal', step.x(), step.y), ranks, 0);
    const best = reduce(b, 'ReduceMax', ranked, axes);
    return [choose(b, compare(b, 'Equal', ranked, best), step.dy, 0)];
  },
};

function sideBySide(step: Step, geometry: Geometry): string {
  const { b, dy, y } = step;
  const x = step.x();
  const ranks = ranksInPlace(b, geometry, x);
  const ranked = choose(b, compare(b, 'Equal', x, repeatWindows(b, y, geometry)), ranks, 0);
  const best = b.emit('MaxPool', [ranked], {
    ...windowAttributes(geometry),
    ceil_mode: 0,
  });
  const first = compare(b, 'Equal', ranked, repeatWindows(b, best, geometry));
  return choose(b, first, repeatWindows(b, dy, geometry), 0);
}

function byIndices(step: Step): string {
  const { b, node, dy } = step;
  if (intAttribute(node, 'storage_order', 0) !== 0) {
    step.refuse(
      'its indices are column-major (storage_order 1); use the pool lowering "portable".',
    );
  }
  const shape = step.shape();
  const count = elementCount(shape);
  const switches = b.furtherOutput(node, 1);
  const flat = [elementCount(b.shape(dy))];
  const scattered = b.emit(
    'ScatterElements',
    [zeros(b, [count], dy), reshape(b, switches, flat), reshape(b, dy, flat)],
    { axis: 0, reduction: 'add' },
  );
  return reshape(b, scattered, shape);
}

function byWindows(step: Step, geometry: Geometry): string {
  const { b, dy, y } = step;
  const x = step.x();
  const shape = b.shape(x);
  const [batch, channels] = shape as [number, number];
  // Channels become images of one channel: WebGPU computes wrong numbers for a grouped ConvTranspose that has several
  // channels a group (ONNX Runtime Web 1.30).
  const images = batch * channels;
  const filters = oneHotFilters(b, geometry.kernel, x);
  const planes = reshape(b, x, [images, 1, ...geometry.from]);
  const values = convolve(b, planes, filters, geometry, 1);
  const each = (name: string): string => reshape(b, name, [images, 1, ...geometry.to]);
  const ranks = ranksOfWindows(b, geometry, x);
  const ranked = choose(b, compare(b, 'Equal', values, each(y)), ranks, 0);
  const first = compare(b, 'Equal', ranked, reduce(b, 'ReduceMax', ranked, [1]));
  const signal = choose(b, first, each(dy), 0);
  return reshape(b, spread(b, signal, filters, geometry, 1), shape);
}
