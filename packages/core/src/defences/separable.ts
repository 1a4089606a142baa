import type { ImageShape, Passage } from './defence.js';

/** A linear map along one axis: `[to][from]` weights. */
export type AxisMap = readonly (readonly (readonly [from: number, weight: number])[])[];

/**
 * Applies linear maps to the rows and the columns of an image, with their exact adjoint.
 *
 * @param image float32, C x H x W
 * @param shape of it
 * @param down along the height, to as many places
 * @param across along the width, to as many places
 */
export function separable(
  image: Float32Array,
  shape: ImageShape,
  down: AxisMap,
  across: AxisMap,
): Passage {
  const [, height, width] = shape;
  const run = (values: Float32Array, back: boolean): Float32Array => {
    const first = along(values, width, 1, height * shape[0], width, across, back);
    const out = new Float32Array(values.length);
    for (let c = 0; c < shape[0]; c++) {
      const plane = first.subarray(c * height * width, (c + 1) * height * width);
      out.set(along(plane, 1, width, width, height, down, back), c * height * width);
    }
    return out;
  };
  return { image: run(image, false), pull: (gradient) => run(gradient, true) };
}

/** Maps `lines` lines of `length` places, `step` apart within a line and `apart` from line to line. */
function along(
  values: Float32Array,
  apart: number,
  step: number,
  lines: number,
  length: number,
  map: AxisMap,
  back: boolean,
): Float32Array {
  const out = new Float32Array(values.length);
  for (let line = 0; line < lines; line++) {
    const start = line * apart;
    for (let to = 0; to < length; to++) {
      for (const [from, weight] of map[to]!) {
        const [a, b] = back ? [from, to] : [to, from];
        out[start + a * step]! += weight * values[start + b * step]!;
      }
    }
  }
  return out;
}
