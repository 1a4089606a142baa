import type { View } from './view.js';

/** Images of the same number of channels and their sizes. */
export interface Sampling {
  readonly channels: number;
  /** `[height, width]` of the image. */
  readonly image: readonly [number, number];
  /** `[height, width]` of the input. */
  readonly input: readonly [number, number];
  /** Value of each channel of the input for grey of a value. */
  readonly grey: (channel: number, value: number) => number;
}

/** Whether a view is the image itself. */
function isPlain(view: View, { image, input }: Sampling): boolean {
  const { xx, xy, x0, yx, yy, y0 } = view;
  return (
    image[0] === input[0] &&
    image[1] === input[1] &&
    xx === 1 &&
    yy === 1 &&
    xy === 0 &&
    yx === 0 &&
    x0 === 0 &&
    y0 === 0
  );
}

/**
 * What the network sees: the image sampled bilinearly.
 *
 * @param image float32 `[C, H, W]`
 * @param view where to look
 * @param sampling sizes
 * @param out receives float32 `[C, h, w]`, from `to` on
 * @param to where it begins
 */
export function sample(
  image: Float32Array,
  view: View,
  sampling: Sampling,
  out: Float32Array,
  to = 0,
): void {
  if (isPlain(view, sampling)) {
    out.set(image, to);
    return;
  }
  const { channels, grey } = sampling;
  const plane = sampling.image[0] * sampling.image[1];
  const place = sampling.input[0] * sampling.input[1];
  const background = Float32Array.from({ length: channels }, (_, c) =>
    view.beyond === 'wrap' ? 0 : grey(c, view.beyond),
  );
  out.fill(0, to, to + channels * place);
  const line = new Line(view, sampling);
  const { places, weights, length, along } = line;
  const share = 1 / along ** 2;
  for (let row = 0; row < sampling.input[0] * along; row++) {
    line.look(row);
    const first = to + Math.floor(row / along) * sampling.input[1];
    for (let c = 0; c < channels; c++) {
      const base = c * plane;
      const start = first + c * place;
      const around = background[c]!;
      for (let s = 0; s < length; s++) {
        const tap = 4 * s;
        const [w0, w1, w2, w3] = [
          weights[tap]!,
          weights[tap + 1]!,
          weights[tap + 2]!,
          weights[tap + 3]!,
        ];
        const own = along === 1 ? start + s : start + Math.floor(s / along);
        out[own] =
          out[own]! +
          w0 * image[base + places[tap]!]! +
          w1 * image[base + places[tap + 1]!]! +
          w2 * image[base + places[tap + 2]!]! +
          w3 * image[base + places[tap + 3]!]! +
          // The share of the four neighbours that lie outside.
          (share - w0 - w1 - w2 - w3) * around;
      }
    }
  }
}

/**
 * The adjoint of `sample`: adds to a gradient of the image what a gradient of the view says.
 *
 * @param gradient float32 `[C, h, w]`, from `from` on
 * @param view where the view looks
 * @param sampling sizes
 * @param out float32 `[C, H, W]`, is added to
 * @param scale factor of what is added
 * @param from where the gradient begins
 */
export function sampleAdjoint(
  gradient: Float32Array,
  view: View,
  sampling: Sampling,
  out: Float32Array,
  scale = 1,
  from = 0,
): void {
  if (isPlain(view, sampling)) {
    for (let i = 0; i < out.length; i++) out[i] = out[i]! + scale * gradient[from + i]!;
    return;
  }
  const { channels } = sampling;
  const plane = sampling.image[0] * sampling.image[1];
  const place = sampling.input[0] * sampling.input[1];
  const line = new Line(view, sampling);
  const { places, weights, length, along } = line;
  for (let row = 0; row < sampling.input[0] * along; row++) {
    line.look(row);
    const first = from + Math.floor(row / along) * sampling.input[1];
    for (let c = 0; c < channels; c++) {
      const base = c * plane;
      const start = first + c * place;
      for (let s = 0; s < length; s++) {
        const value = scale * gradient[along === 1 ? start + s : start + Math.floor(s / along)]!;
        for (let tap = 4 * s; tap < 4 * s + 4; tap++) {
          const at = base + places[tap]!;
          out[at] = out[at]! + weights[tap]! * value;
        }
      }
    }
  }
}

/** Samples along one side of a pixel: more than one where the image is reduced, so that no pixel is passed over. */
export function taps({ xx, xy, yx, yy }: View): number {
  return Math.max(1, Math.ceil(Math.sqrt(Math.abs(xx * yy - xy * yx)) - 0.25));
}

/** The samples of one line of a view: four neighbours in the image and their weights for each. */
class Line {
  /** Samples along one side of a pixel. */
  readonly along: number;
  /** Samples of a line. */
  readonly length: number;
  /** Four a sample: places in a plane of the image. */
  readonly places: Int32Array;
  /** Four a sample; 0 outside. Those of all samples of a pixel sum to one. */
  readonly weights: Float64Array;
  readonly #view: View;
  readonly #image: readonly [number, number];

  constructor(view: View, { image, input }: Sampling) {
    this.#view = view;
    this.#image = image;
    this.along = taps(view);
    this.length = input[1] * this.along;
    this.places = new Int32Array(4 * this.length);
    this.weights = new Float64Array(4 * this.length);
  }

  /** Finds the samples of a line; a row of pixels has `along` of them. */
  look(row: number): void {
    const { xx, xy, x0, yx, yy, y0, beyond } = this.#view;
    const [height, width] = this.#image;
    const { along, length, places, weights } = this;
    const share = 1 / along ** 2;
    const down = (row + 0.5) / along - 0.5;
    for (let s = 0; s < length; s++) {
      const across = (s + 0.5) / along - 0.5;
      const x = xx * across + xy * down + x0;
      const y = yx * across + yy * down + y0;
      let left = Math.floor(x);
      let top = Math.floor(y);
      const fx = x - left;
      const fy = y - top;
      let right = left + 1;
      let bottom = top + 1;
      let [a, b, c, d] = [1 - fx, fx, 1 - fy, fy];
      if (left < 0 || right >= width || top < 0 || bottom >= height) {
        if (beyond === 'wrap') {
          left = ((left % width) + width) % width;
          right = ((right % width) + width) % width;
          top = ((top % height) + height) % height;
          bottom = ((bottom % height) + height) % height;
        }
        if (left < 0 || left >= width) a = 0;
        if (right < 0 || right >= width) b = 0;
        if (top < 0 || top >= height) c = 0;
        if (bottom < 0 || bottom >= height) d = 0;
        // A neighbour without weight may lie anywhere: at the pixel that has some.
        if (a === 0) left = b === 0 ? 0 : right;
        if (b === 0) right = left;
        if (c === 0) top = d === 0 ? 0 : bottom;
        if (d === 0) bottom = top;
      }
      const tap = 4 * s;
      places[tap] = top * width + left;
      places[tap + 1] = top * width + right;
      places[tap + 2] = bottom * width + left;
      places[tap + 3] = bottom * width + right;
      weights[tap] = share * a * c;
      weights[tap + 1] = share * b * c;
      weights[tap + 2] = share * a * d;
      weights[tap + 3] = share * b * d;
    }
  }
}
