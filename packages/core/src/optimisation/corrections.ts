import type { KeptOf } from '../schema/parameter.js';
import type { OffGpu } from './off-gpu.js';
import type { Extents } from './penalties/penalty.js';

const percentage = { kind: 'number', unit: 'none', fallback: 0, low: 0, high: 100 } as const;

/** Schema of the corrections. */
export const correctionParameters = {
  /** Share by which every pixel shrinks in a step. */
  decay: { kind: 'number', title: 'Decay', unit: 'none', fallback: 0, low: 0, high: 1 },
  /** Deviation of a Gaussian blur, in pixels. */
  blur: { kind: 'number', title: 'Blur', unit: 'none', fallback: 0, low: 0, high: 50 },
  /** Steps from one blur to the next. */
  blurEvery: {
    kind: 'number',
    title: 'Blur every',
    unit: 'count',
    fallback: 4,
    low: 1,
    high: 1000,
  },
  /** Pixels among this percentage of smallest norm become zero. */
  smallNorm: { ...percentage, title: 'Small norms' },
  /** Pixels among this percentage of smallest contribution |sum over colours of v dJ/dv| become zero. */
  smallContribution: { ...percentage, title: 'Small contributions' },
  /** Keep within black and white. */
  clip: { kind: 'flag', title: 'Within black and white' },
} as const;

/**
 * What is done to the picture itself between steps (Yosinski et al., Understanding Neural Networks Through Deep
 * Visualization, 2015, section 3.1): decay, blur and the two clippings, and a limit to what pictures can show.
 */
export type Corrections = KeptOf<typeof correctionParameters>;

/** Corrections look at all pixels between two steps. */
export const correctionsOffGpu: OffGpu = {
  offGpu: 'corrections sort the pixels of a picture between two steps',
};

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
