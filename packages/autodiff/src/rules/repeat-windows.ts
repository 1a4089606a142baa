import type { GraphBuilder } from '@convlens/onnx';
import { overhang, type Geometry } from '../geometry.js';
import { expand, pad } from '../shaping.js';

/**
 * Gives every position of an image the value of the window it lies in; zero where it lies in none. Only for windows
 * side by side.
 *
 * @param b where to emit
 * @param x one value a window: `[batch, channels, ...to]`
 * @param geometry how the window moves
 * @returns `[batch, channels, ...from]`
 */
export function repeatWindows(b: GraphBuilder, x: string, geometry: Geometry): string {
  const { kernel, before, from, to } = geometry;
  const lead = b.shape(x).slice(0, 2);
  const after = overhang(geometry);
  if (to.every((extent) => extent === 1) && [...before, ...after].every((n) => n === 0)) {
    return expand(b, x, [...lead, ...from]);
  }
  const repeated = kernel.every((extent) => extent === 1)
    ? x
    : b.emit('Resize', [x], {
        scales: [1, 1, ...kernel],
        mode: 'nearest',
        coordinate_transformation_mode: 'asymmetric',
        nearest_mode: 'floor',
      });
  return pad(b, repeated, [0, 0, ...before.map((n) => -n)], [0, 0, ...after.map((n) => -n)]);
}
