import { distance } from './ball.js';

/** How far an attacked image is from its original. */
export interface PerturbationSize {
  /** Values that differ. */
  readonly l0: number;
  /** Pixels of which a value differs. */
  readonly pixels: number;
  /** Sum of the changes. */
  readonly l1: number;
  /** Euclidean distance. */
  readonly l2: number;
  /** The largest change. */
  readonly linf: number;
  /** Structural similarity, 1 for the same image; undefined for images smaller than its window. */
  readonly ssim: number | undefined;
}

type Shape = readonly [channels: number, height: number, width: number];

/**
 * Measures a perturbation, in float64.
 *
 * @param original float32 in [0, 1], C x H x W
 * @param attacked of the same shape
 * @param shape `[channels, height, width]`
 */
export function perturbationSize(
  original: Float32Array,
  attacked: Float32Array,
  shape: Shape,
): PerturbationSize {
  const plane = shape[1] * shape[2];
  let [l0, l1, linf] = [0, 0, 0];
  const moved = new Uint8Array(plane);
  for (let i = 0; i < original.length; i++) {
    const change = Math.abs(attacked[i]! - original[i]!);
    if (change === 0) continue;
    l0++;
    moved[i % plane] = 1;
    l1 += change;
    linf = Math.max(linf, change);
  }
  const pixels = moved.reduce((sum, one) => sum + one, 0);
  const l2 = distance(attacked, original);
  return { l0, pixels, l1, l2, linf, ssim: structuralSimilarity(original, attacked, shape) };
}

/** Side and deviation of the window, and the two constants for a range of 1, as in the paper. */
const WINDOW = { side: 11, deviation: 1.5, c1: 0.01 ** 2, c2: 0.03 ** 2 };

/**
 * The mean structural similarity of two images: over all places where a Gaussian window of 11 x 11 lies inside, and over
 * the colours.
 *
 * @param a float32 in [0, 1], C x H x W
 * @param b of the same shape
 * @param shape `[channels, height, width]`
 * @returns at most 1; undefined where a side is below 11
 * @see Wang et al., Image quality assessment: from error visibility to structural similarity, IEEE TIP 2004
 */
export function structuralSimilarity(
  a: Float32Array,
  b: Float32Array,
  [channels, height, width]: Shape,
): number | undefined {
  if (height < WINDOW.side || width < WINDOW.side) return undefined;
  const plane = height * width;
  let sum = 0;
  for (let c = 0; c < channels; c++) {
    const [x, y] = [a, b].map((image) =>
      Float64Array.from(image.subarray(c * plane, (c + 1) * plane)),
    ) as [Float64Array, Float64Array];
    const [mx, my, xx, yy, xy] = [
      x,
      y,
      x.map((v) => v * v),
      y.map((v) => v * v),
      x.map((v, i) => v * y[i]!),
    ].map((values) => blurred(values, height, width)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const similarity = mx.map((_, i) => {
      const [p, q] = [mx[i]!, my[i]!];
      const means = (2 * p * q + WINDOW.c1) / (p * p + q * q + WINDOW.c1);
      const spread = xx[i]! - p * p + yy[i]! - q * q + WINDOW.c2;
      return (means * (2 * (xy[i]! - p * q) + WINDOW.c2)) / spread;
    });
    sum += similarity.reduce((total, one) => total + one, 0) / similarity.length;
  }
  return sum / channels;
}

/** Means under the window, where it lies inside. */
function blurred(values: Float64Array, height: number, width: number): Float64Array {
  const { side, deviation } = WINDOW;
  const weights = Array.from({ length: side }, (_, i) =>
    Math.exp(-((i - (side - 1) / 2) ** 2) / (2 * deviation ** 2)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const columns = width - side + 1;
  const across = new Float64Array(height * columns);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < columns; x++) {
      let sum = 0;
      for (let k = 0; k < side; k++) sum += weights[k]! * values[y * width + x + k]!;
      across[y * columns + x] = sum / total;
    }
  }
  const out = new Float64Array((height - side + 1) * columns);
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let k = 0; k < side; k++) sum += weights[k]! * across[i + k * columns]!;
    out[i] = sum / total;
  }
  return out;
}
