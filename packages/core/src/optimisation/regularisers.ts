/**
 * What keeps a picture from being noise, besides its parametrisation. Values are those of the network's input divided
 * by its unit (one deviation of natural images), so that the same number suits every network.
 */
export type Penalty =
  /** lambda sum v^2 (Simonyan, Vedaldi and Zisserman 2013). */
  | { readonly kind: 'l2'; readonly weight: number }
  /**
   * lambda sum ((v[y, x + 1] - v[y, x])^2 + (v[y + 1, x] - v[y, x])^2)^(beta / 2), inside the image; beta 2 by default
   * (Mahendran and Vedaldi 2015, equation 5).
   */
  | { readonly kind: 'tv'; readonly weight: number; readonly beta?: number }
  /** lambda sum |v|^alpha; alpha 6 by default (Mahendran and Vedaldi 2015, section 3.1). */
  | { readonly kind: 'alpha'; readonly weight: number; readonly alpha?: number };

/** Size of the image. */
export interface Extents {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * The value of a penalty, and its gradient.
 *
 * @param penalty which
 * @param image float32 `[C, H, W]`
 * @param extents of the image
 * @param unit of the input
 * @param gradient float32 `[C, H, W]`; the gradient of the penalty is subtracted from it
 */
export function penalise(
  penalty: Penalty,
  image: Float32Array,
  extents: Extents,
  unit: number,
  gradient: Float32Array,
): number {
  switch (penalty.kind) {
    case 'l2':
      return power(image, 2, penalty.weight, unit, gradient);
    case 'alpha':
      return power(image, penalty.alpha ?? 6, penalty.weight, unit, gradient);
    case 'tv':
      return totalVariation(image, extents, penalty.beta ?? 2, penalty.weight, unit, gradient);
  }
}

function power(
  image: Float32Array,
  exponent: number,
  weight: number,
  unit: number,
  gradient: Float32Array,
): number {
  let sum = 0;
  const factor = (weight * exponent) / unit;
  for (let i = 0; i < image.length; i++) {
    const value = image[i]! / unit;
    const size = Math.abs(value);
    if (size === 0) continue;
    const lower = exponent === 2 ? size : size ** (exponent - 1);
    sum += lower * size;
    gradient[i] = gradient[i]! - factor * Math.sign(value) * lower;
  }
  return weight * sum;
}

/** Keeps the slope finite where neighbours are equal and beta is below 2. */
const FLAT = 1e-12;

function totalVariation(
  image: Float32Array,
  { channels, height, width }: Extents,
  beta: number,
  weight: number,
  unit: number,
  gradient: Float32Array,
): number {
  let sum = 0;
  const factor = (weight * beta) / (unit * unit);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = (c * height + y) * width + x;
        const across = x + 1 < width ? image[at + 1]! - image[at]! : 0;
        const down = y + 1 < height ? image[at + width]! - image[at]! : 0;
        const square = (across * across + down * down) / (unit * unit);
        let slope = factor;
        if (beta === 2) sum += square;
        else {
          sum += square ** (beta / 2);
          slope *= (square + FLAT) ** (beta / 2 - 1);
        }
        gradient[at] = gradient[at]! + slope * (across + down);
        if (x + 1 < width) gradient[at + 1] = gradient[at + 1]! - slope * across;
        if (y + 1 < height) gradient[at + width] = gradient[at + width]! - slope * down;
      }
    }
  }
  return weight * sum;
}

/**
 * What is done to the picture itself between steps (Yosinski et al., Understanding Neural Networks Through Deep
 * Visualization, 2015, section 3.1): decay, blur and the two clippings, and a limit to what pictures can show.
 */
export interface Corrections {
  /** Share by which every pixel shrinks in a step. */
  readonly decay?: number;
  /** Deviation of a Gaussian blur, in pixels. */
  readonly blur?: number;
  /** Steps from one blur to the next; 4 by default. */
  readonly blurEvery?: number;
  /** Pixels among this percentage of smallest norm become zero. */
  readonly smallNorm?: number;
  /** Pixels among this percentage of smallest contribution |sum over colours of v dJ/dv| become zero. */
  readonly smallContribution?: number;
  /** Keep within black and white. */
  readonly clip?: boolean;
}

/** The four of Yosinski et al. 2015, table 1, in their order; the third was used for most figures. */
export const yosinskiPresets: readonly Corrections[] = [
  { decay: 0, blur: 0.5, blurEvery: 4, smallNorm: 50 },
  { decay: 0.3, smallNorm: 20 },
  { decay: 0.0001, blur: 1, blurEvery: 4 },
  { decay: 0, blur: 0.5, blurEvery: 4, smallContribution: 90 },
];

/**
 * Applies the corrections after a step, in the order of the authors' program: decay, blur, small pixels.
 *
 * @param corrections which
 * @param image float32 `[C, H, W]`, changed
 * @param extents of the image
 * @param gradient of the objective at the image before the step, `[C, H, W]`
 * @param step number of the step, from 0
 * @param limits least and largest value of each channel
 */
export function correct(
  corrections: Corrections,
  image: Float32Array,
  extents: Extents,
  gradient: Float32Array,
  step: number,
  limits: readonly (readonly [number, number])[],
): void {
  const { decay = 0, blur = 0, blurEvery = 4, smallNorm, smallContribution, clip } = corrections;
  if (decay > 0) for (let i = 0; i < image.length; i++) image[i] = image[i]! * (1 - decay);
  if (blur > 0 && step % blurEvery === 0) gaussianBlur(image, extents, blur);
  const { channels, height, width } = extents;
  const plane = height * width;
  const clear = (percentage: number, size: (at: number) => number): void => {
    const sizes = Float64Array.from({ length: plane }, (_, at) => size(at));
    const limit = percentile(sizes, percentage);
    for (let at = 0; at < plane; at++) {
      if (sizes[at]! >= limit) continue;
      for (let c = 0; c < channels; c++) image[c * plane + at] = 0;
    }
  };
  const over = (at: number, term: (i: number) => number): number => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += term(c * plane + at);
    return sum;
  };
  if (smallNorm) clear(smallNorm, (at) => Math.sqrt(over(at, (i) => image[i]! ** 2)));
  if (smallContribution) {
    clear(smallContribution, (at) => Math.abs(over(at, (i) => image[i]! * gradient[i]!)));
  }
  if (clip) {
    for (let i = 0; i < image.length; i++) {
      const [low, high] = limits[Math.floor(i / plane)]!;
      image[i] = Math.min(high, Math.max(low, image[i]!));
    }
  }
}

/** Linear between the two nearest, as numpy's. */
function percentile(values: Float64Array, percentage: number): number {
  const sorted = values.slice().sort();
  const at = ((sorted.length - 1) * percentage) / 100;
  const low = Math.floor(at);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low);
}

/**
 * A Gaussian blur in place; edges are mirrored.
 *
 * @param image float32 `[C, H, W]`
 * @param extents of the image
 * @param deviation in pixels
 */
export function gaussianBlur(image: Float32Array, extents: Extents, deviation: number): void {
  const { channels, height, width } = extents;
  const reach = Math.max(1, Math.ceil(4 * deviation));
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * deviation * deviation)),
  );
  const total = kernel.reduce((sum, value) => sum + value, 0);
  const line = new Float64Array(Math.max(height, width));
  const mirror = (at: number, extent: number): number => {
    const period = 2 * extent;
    const inside = ((at % period) + period) % period;
    return inside < extent ? inside : period - 1 - inside;
  };
  const pass = (start: number, stride: number, extent: number): void => {
    for (let at = 0; at < extent; at++) {
      let sum = 0;
      for (let k = -reach; k <= reach; k++) {
        sum += kernel[k + reach]! * image[start + mirror(at + k, extent) * stride]!;
      }
      line[at] = sum / total;
    }
    for (let at = 0; at < extent; at++) image[start + at * stride] = line[at]!;
  };
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) pass((c * height + y) * width, 1, width);
    for (let x = 0; x < width; x++) pass(c * height * width + x, width, height);
  }
}
