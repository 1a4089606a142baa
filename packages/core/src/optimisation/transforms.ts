import { randomWords } from '@convlens/adapters/builders';

/**
 * A random change of the view, so that a picture cannot depend on single pixels. Lengths are pixels of the image.
 * They are applied in order, each step anew.
 */
export type Transform =
  /** A margin on every side. It is grey, or what `value` says (0 to 1). */
  | { readonly kind: 'pad'; readonly pixels: number; readonly value?: number }
  /** A window smaller by `pixels` at a random place, in whole pixels. */
  | { readonly kind: 'jitter'; readonly pixels: number }
  /** A zoom by one of the factors. */
  | { readonly kind: 'scale'; readonly factors: readonly number[] }
  /** A turn by one of the angles, in degrees. */
  | { readonly kind: 'rotate'; readonly degrees: readonly number[] }
  /** The image shifted around the edges by up to `pixels`, in whole pixels. */
  | { readonly kind: 'roll'; readonly pixels: number }
  /** A square window of a random size between two shares of the image, shown at the size of the input (MACO). */
  | { readonly kind: 'crop'; readonly from: number; readonly to: number };

/**
 * One drawn view: output pixel (x, y) looks at the image at (xx x + xy y + x0, yx x + yy y + y0), all counted from
 * pixel centres.
 */
export interface View {
  readonly xx: number;
  readonly xy: number;
  readonly x0: number;
  readonly yx: number;
  readonly yy: number;
  readonly y0: number;
  /** What is beyond the edges: the image again, or grey of this value (0 to 1). */
  readonly beyond: 'wrap' | number;
}

/** Random numbers of one view. */
export interface Chance {
  /** A whole number from 0 to `count` - 1. */
  below(count: number): number;
  /** A number from 0 to 1. */
  unit(): number;
}

/**
 * Random numbers for one step of one view; the same on every machine.
 *
 * @param seed of the recipe
 * @param step number of the step
 * @param view number of the view within the step
 */
export function chance(seed: number, step: number, view: number): Chance {
  const next = randomWords(seed, `view ${view} of step ${step}`);
  const unit = (): number => (next() >>> 0) / 2 ** 32;
  return { unit, below: (count) => Math.min(count - 1, Math.floor(unit() * count)) };
}

/**
 * Draws one view. The chain is followed from the image to the input: each transform is an affine map, so the whole is
 * one, and the image is sampled once. What is left is centred in the input: cut off where it is larger, grey where it
 * is smaller (Lucid lets the network see any size; ours have one).
 *
 * @param transforms the chain
 * @param image `[height, width]` of the image
 * @param input `[height, width]` of the network's input
 * @param random numbers for this view
 */
export function drawView(
  transforms: readonly Transform[],
  image: readonly [number, number],
  input: readonly [number, number],
  random: Chance,
): View {
  let [height, width] = image;
  // From coordinates of what there is so far to those of the image.
  let m: Affine = [1, 0, 0, 0, 1, 0];
  let beyond: View['beyond'] = 0.5;
  for (const transform of transforms) {
    switch (transform.kind) {
      case 'pad':
        m = after(m, shift(-transform.pixels, -transform.pixels));
        height += 2 * transform.pixels;
        width += 2 * transform.pixels;
        beyond = transform.value ?? 0.5;
        break;
      case 'jitter': {
        const { pixels } = transform;
        m = after(m, shift(random.below(pixels + 1), random.below(pixels + 1)));
        height -= pixels;
        width -= pixels;
        break;
      }
      case 'scale': {
        const factor = transform.factors[random.below(transform.factors.length)] ?? 1;
        // Pixel centres: (x + 0.5) / factor - 0.5.
        const offset = 0.5 / factor - 0.5;
        m = after(m, [1 / factor, 0, offset, 0, 1 / factor, offset]);
        height = Math.round(height * factor);
        width = Math.round(width * factor);
        break;
      }
      case 'rotate': {
        const degrees = transform.degrees[random.below(transform.degrees.length)] ?? 0;
        const [cos, sin] = [Math.cos, Math.sin].map((f) => f((degrees * Math.PI) / 180)) as [
          number,
          number,
        ];
        const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
        m = after(m, [cos, -sin, cx - cos * cx + sin * cy, sin, cos, cy - sin * cx - cos * cy]);
        break;
      }
      case 'roll': {
        const reach = 2 * transform.pixels + 1;
        const offset = (): number => random.below(reach) - transform.pixels;
        m = after(m, shift(offset(), offset()));
        beyond = 'wrap';
        break;
      }
      case 'crop': {
        const share = transform.from + (transform.to - transform.from) * random.unit();
        const side = share * Math.min(height, width);
        const factor = side / Math.min(...input);
        const [left, top] = [random.unit() * (width - side), random.unit() * (height - side)];
        const offset = 0.5 * factor - 0.5;
        m = after(m, [factor, 0, left + offset, 0, factor, top + offset]);
        [height, width] = input;
        break;
      }
    }
  }
  m = after(m, shift(Math.round((width - input[1]) / 2), Math.round((height - input[0]) / 2)));
  const [xx, xy, x0, yx, yy, y0] = m;
  return { xx, xy, x0, yx, yy, y0, beyond };
}

/** x' = a x + b y + c, y' = d x + e y + f. */
type Affine = readonly [number, number, number, number, number, number];

const shift = (x: number, y: number): Affine => [1, 0, x, 0, 1, y];

/** First `inner`, then `outer`. */
function after(outer: Affine, inner: Affine): Affine {
  const [a, b, c, d, e, f] = outer;
  const [g, h, i, j, k, l] = inner;
  return [
    a * g + b * j,
    a * h + b * k,
    a * i + b * l + c,
    d * g + e * j,
    d * h + e * k,
    d * i + e * l + f,
  ];
}

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
  const share = 1 / taps(view) ** 2;
  out.fill(0, to, to + channels * place);
  eachTap(view, sampling, (at, p0, p1, p2, p3, w0, w1, w2, w3) => {
    // The share of the four neighbours that lie outside.
    const outside = share - w0 - w1 - w2 - w3;
    for (let c = 0; c < channels; c++) {
      const base = c * plane;
      const own = to + c * place + at;
      out[own] =
        out[own]! +
        w0 * image[base + p0]! +
        w1 * image[base + p1]! +
        w2 * image[base + p2]! +
        w3 * image[base + p3]! +
        outside * background[c]!;
    }
  });
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
  eachTap(view, sampling, (at, p0, p1, p2, p3, w0, w1, w2, w3) => {
    for (let c = 0; c < channels; c++) {
      const base = c * plane;
      const value = scale * gradient[from + c * place + at]!;
      out[base + p0] = out[base + p0]! + w0 * value;
      out[base + p1] = out[base + p1]! + w1 * value;
      out[base + p2] = out[base + p2]! + w2 * value;
      out[base + p3] = out[base + p3]! + w3 * value;
    }
  });
}

/** Samples along one side of a pixel: more than one where the image is reduced, so that no pixel is passed over. */
function taps({ xx, xy, yx, yy }: View): number {
  return Math.max(1, Math.ceil(Math.sqrt(Math.abs(xx * yy - xy * yx)) - 0.25));
}

/**
 * Calls back for every sample of every pixel of the view with its four neighbours in the image and their weights (0
 * outside); those of a pixel sum to one.
 */
function eachTap(
  view: View,
  { image: [height, width], input: [rows, columns] }: Sampling,
  tap: (
    at: number,
    p0: number,
    p1: number,
    p2: number,
    p3: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
  ) => void,
): void {
  const { xx, xy, x0, yx, yy, y0, beyond } = view;
  const wrap = beyond === 'wrap';
  const along = taps(view);
  const share = 1 / along ** 2;
  for (let sample = 0; sample < rows * columns * along * along; sample++) {
    const at = Math.floor(sample / (along * along));
    const down =
      Math.floor(at / columns) + ((Math.floor(sample / along) % along) + 0.5) / along - 0.5;
    const across = (at % columns) + ((sample % along) + 0.5) / along - 0.5;
    const x = xx * across + xy * down + x0;
    const y = yx * across + yy * down + y0;
    let left = Math.floor(x);
    let top = Math.floor(y);
    const fx = x - left;
    const fy = y - top;
    let right = left + 1;
    let bottom = top + 1;
    if (wrap) {
      left = ((left % width) + width) % width;
      right = ((right % width) + width) % width;
      top = ((top % height) + height) % height;
      bottom = ((bottom % height) + height) % height;
    }
    const a = left >= 0 && left < width ? 1 - fx : 0;
    const b = right >= 0 && right < width ? fx : 0;
    const c = top >= 0 && top < height ? 1 - fy : 0;
    const d = bottom >= 0 && bottom < height ? fy : 0;
    // A neighbour without weight may lie anywhere: at the pixel that has some.
    if (a === 0) left = b === 0 ? 0 : right;
    if (b === 0) right = left;
    if (c === 0) top = d === 0 ? 0 : bottom;
    if (d === 0) bottom = top;
    tap(
      at,
      top * width + left,
      top * width + right,
      bottom * width + left,
      bottom * width + right,
      share * a * c,
      share * b * c,
      share * a * d,
      share * b * d,
    );
  }
}
