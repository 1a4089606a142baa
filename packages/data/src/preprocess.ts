import { float32, LensError, type TensorData } from '@convlens/onnx';
import { centredWindow, flatten, type Pixels } from './pixels.js';
import { resizeBilinear } from './resample.js';

/** How pixels become numbers: x[c] = (range * p[order[c]] - mean[c]) / std[c] with p in [0, 1]. */
export interface Normalisation {
  readonly channelOrder: 'RGB' | 'BGR' | 'GRAY';
  readonly range: number;
  /** One a channel. */
  readonly mean: readonly number[];
  /** One a channel. */
  readonly std: readonly number[];
}

/** Weights of red, green and blue in the grey value (ITU-R BT.601 luma). */
const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * The part of an image that a network sees, at the network's input size: the largest centred window of its aspect,
 * shrunk or enlarged with an antialiased bilinear filter.
 *
 * @param pixels any image
 * @param height of the network's input
 * @param width of the network's input
 * @returns pixels of its own, also where nothing had to be changed: they may be moved to another thread
 */
export function cropToInput(pixels: Pixels, height: number, width: number): Pixels {
  const window = centredWindow(pixels.width, pixels.height, width / height);
  if (window.width === width && window.height === height && pixels.width === width) {
    if (pixels.height === height) {
      const flat = flatten(pixels);
      return flat === pixels ? { ...pixels, data: pixels.data.slice() } : flat;
    }
  }
  return resizeBilinear(flatten(pixels), window, width, height);
}

/**
 * An image of exactly the network's input size as the tensor that the network is fed.
 *
 * @param pixels opaque image of the input's size
 * @param channels of the network's input: 3, or 1 with channel order `GRAY`
 * @param normalisation the network's preprocessing
 * @returns float32 `[1, channels, height, width]`
 * @throws LensError `E_SHAPE` when the network takes neither one nor three channels
 */
export function toInput(
  pixels: Pixels,
  channels: number,
  normalisation: Normalisation,
): TensorData<'float32'> {
  const { width, height, data } = pixels;
  const { channelOrder, range, mean, std } = normalisation;
  if (channels !== 3 && channels !== 1) {
    throw new LensError(
      'E_SHAPE',
      `Expected a network with 1 or 3 input channels to show an image to, got ${channels}. ` +
        'Feed a tensor of that many channels instead of a picture.',
    );
  }
  const plane = width * height;
  const out = new Float32Array(channels * plane);
  const scale = range / 255;
  for (let c = 0; c < channels; c++) {
    const offset = mean[c] ?? 0;
    const factor = 1 / (std[c] ?? 1);
    const source = channelOrder === 'BGR' ? 2 - c : c;
    for (let i = 0, at = 0; i < plane; i++, at += 4) {
      const value =
        channels === 1
          ? LUMA[0] * data[at]! + LUMA[1] * data[at + 1]! + LUMA[2] * data[at + 2]!
          : data[at + source]!;
      out[c * plane + i] = (value * scale - offset) * factor;
    }
  }
  return { ...float32(out, [1, channels, height, width]), layout: 'NCHW' };
}

/**
 * The inverse of `toInput`, rounded to 8 bits and clipped to what a picture can show.
 *
 * @param input float32 `[1, channels, height, width]` or `[channels, height, width]`
 * @param normalisation the network's preprocessing
 */
export function fromInput(input: TensorData<'float32'>, normalisation: Normalisation): Pixels {
  const [channels = 3, height = 1, width = 1] = input.shape.slice(-3);
  const plane = width * height;
  const data = new Uint8ClampedArray(plane * 4).fill(255);
  const scale = 255 / normalisation.range;
  for (let c = 0; c < 3; c++) {
    const source = channels === 1 ? 0 : normalisation.channelOrder === 'BGR' ? 2 - c : c;
    const offset = normalisation.mean[source] ?? 0;
    const factor = normalisation.std[source] ?? 1;
    for (let i = 0; i < plane; i++) {
      data[i * 4 + c] = (input.data[source * plane + i]! * factor + offset) * scale;
    }
  }
  return { width, height, data };
}
