import type { Preprocessing } from '@convlens/adapters';

/** Size and meaning of the numbers of an image that is optimised. */
export interface Canvas {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly preprocessing: Preprocessing;
  /** One deviation of natural images in the network's input; see `inputUnit`. */
  readonly unit: number;
}

/**
 * What is optimised: numbers that stand for an image. The image itself is float32 `[C, H, W]` as the network is fed
 * it, preprocessed.
 */
export interface Parametrisation {
  /** Numbers of one image. */
  readonly length: number;
  /**
   * Writes the image that the numbers stand for.
   *
   * @param parameters float32 `[length]`
   * @param image receives `[C, H, W]`
   */
  image(parameters: Float32Array, image: Float32Array): void;
  /**
   * Carries a gradient from the image to the numbers: the transposed Jacobian of `image`.
   *
   * @param gradient `[C, H, W]`; may be overwritten
   * @param parameters the numbers
   * @param image the image that they stand for, `[C, H, W]`
   * @param out receives `[length]`
   */
  pullback(
    gradient: Float32Array,
    parameters: Float32Array,
    image: Float32Array,
    out: Float32Array,
  ): void;
  /**
   * Numbers whose image is a given one, as nearly as the parametrisation can.
   *
   * @param image `[C, H, W]`
   */
  from(image: Float32Array): Float32Array;
  /**
   * Seeded numbers to start from.
   *
   * @param seed any integer
   * @param key name of the stream, one for each image of a batch
   */
  noise(seed: number, key: string): Float32Array;
}

/**
 * One deviation of natural images in the network's own input: the size of starts, steps and penalties (1 for
 * networks that are fed standardised pixels, 58 for those fed 0 to 255).
 *
 * @param preprocessing the network's
 */
export function inputUnit({ range, std }: Preprocessing): number {
  return (0.226 * range) / (std.reduce((sum, value) => sum + value, 0) / std.length);
}

/**
 * What a pixel value between 0 and 1 is in a channel of the network's input.
 *
 * @param preprocessing the network's
 * @param channel of the input
 * @param value 0 to 1
 */
export function inputValue(
  { range, mean, std }: Preprocessing,
  channel: number,
  value: number,
): number {
  return (range * value - (mean[channel] ?? 0)) / (std[channel] ?? 1);
}
