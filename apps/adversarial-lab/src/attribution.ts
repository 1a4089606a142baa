import { sequential, type Pixels } from '@convlens/data';
import type { TensorData } from '@convlens/onnx';
import { painted } from './maps.js';

/** Part of the values that are shown; the rest, outliers of a gradient, take the end of the scale. */
const SHOWN = 0.99;

/**
 * An attribution as a picture: at each place the largest size over the colours, on a scale of its own.
 *
 * @param map float32 `[C, H, W]` or `[H, W]`
 */
export function attributionPicture({ data, shape }: TensorData<'float32'>): Pixels {
  const [height = 1, width = 1] = shape.slice(-2);
  const plane = new Float32Array(height * width);
  data.forEach((value, i) => {
    const at = i % plane.length;
    plane[at] = Math.max(plane[at]!, Math.abs(value));
  });
  const high = plane.toSorted()[Math.floor(SHOWN * (plane.length - 1))] ?? 0;
  return painted(plane, width, height, { low: 0, high: high > 0 ? high : 1 }, sequential);
}
