import { LensError } from '@convlens/onnx';
import type { Pixels } from '@convlens/data';

/** Weights of red, green and blue in the grey value (ITU-R BT.601 luma). */
const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * A picture as attacks take it: v / 255 in float32.
 *
 * @param pixels opaque picture of the network's input size
 * @param channels 3 for red, green and blue, 1 for grey
 * @returns float32 in [0, 1], C x H x W
 * @throws LensError `E_SHAPE` for other numbers of channels
 */
export function planesOf({ data, width, height }: Pixels, channels: number): Float32Array {
  if (channels !== 1 && channels !== 3) {
    throw new LensError(
      'E_SHAPE',
      `Expected a network with 1 or 3 input channels to show a picture to, got ${channels}.`,
    );
  }
  const plane = width * height;
  const out = new Float32Array(channels * plane);
  for (let i = 0; i < plane; i++) {
    const [r = 0, g = 0, b = 0] = data.subarray(i * 4, i * 4 + 3);
    if (channels === 3) [out[i], out[plane + i], out[2 * plane + i]] = [r / 255, g / 255, b / 255];
    // A grey picture keeps its 8 bits exactly.
    else out[i] = (r === g && g === b ? r : LUMA[0] * r + LUMA[1] * g + LUMA[2] * b) / 255;
  }
  return out;
}

/**
 * Planes as a picture, rounded to 8 bits; grey becomes red, green and blue alike.
 *
 * @param planes float32 in [0, 1], C x H x W with 1 or 3 channels
 * @param shape `[channels, height, width]`
 */
export function pictureOf(
  planes: Float32Array,
  [channels, height, width]: readonly [number, number, number],
): Pixels {
  const plane = width * height;
  const data = new Uint8ClampedArray(plane * 4).fill(255);
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) {
      data[i * 4 + c] = Math.round(255 * planes[(channels === 1 ? 0 : c) * plane + i]!);
    }
  }
  return { width, height, data };
}
