import type { Pixels, Window } from './pixels.js';

/** Contributions of input samples to each output sample along one axis. */
interface Taps {
  /** First input sample of each output sample. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `stride` weights an output sample, as integers scaled by 2^PRECISION. */
  readonly weights: Float64Array;
  readonly stride: number;
}

/** Weights are rounded to this many fractional bits, as 8-bit resamplers do, so that results are whole-bit equal. */
const PRECISION = 22;

/**
 * Triangle filter, widened by the reduction factor so that shrinking averages over all input pixels.
 */
function triangleTaps(start: number, extent: number, outputs: number): Taps {
  const scale = extent / outputs;
  const support = Math.max(1, scale);
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outputs);
  const count = new Int32Array(outputs);
  const weights = new Float64Array(outputs * stride);
  for (let i = 0; i < outputs; i++) {
    const centre = (i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - support + 0.5));
    const high = Math.min(extent, Math.trunc(centre + support + 0.5));
    let total = 0;
    for (let k = low; k < high; k++) {
      const weight = Math.max(0, 1 - Math.abs((k - centre + 0.5) / support));
      weights[i * stride + k - low] = weight;
      total += weight;
    }
    for (let k = 0; k < high - low; k++) {
      const at = i * stride + k;
      weights[at] = Math.trunc(0.5 + (weights[at]! / total) * 2 ** PRECISION);
    }
    first[i] = start + low;
    count[i] = high - low;
  }
  return { first, count, weights, stride };
}

const toByte = (sum: number): number =>
  Math.min(255, Math.max(0, Math.floor((sum + 2 ** (PRECISION - 1)) / 2 ** PRECISION)));

/**
 * Resizes a window of an image with a bilinear filter that antialiases when shrinking: what PIL's `BILINEAR` and
 * torchvision's `Resize` compute on 8-bit images, bit for bit (horizontal pass first, rounded to 8 bits between).
 * Colours only; the result is opaque. Lay transparent images over a background first (`flatten`).
 *
 * @param pixels source image
 * @param window part of the source to resize
 * @param width of the result in pixels
 * @param height of the result in pixels
 */
export function resizeBilinear(
  pixels: Pixels,
  window: Window,
  width: number,
  height: number,
): Pixels {
  const source = pixels.data;
  const across = triangleTaps(window.left, window.width, width);
  const down = triangleTaps(window.top, window.height, height);
  const narrow = new Uint8Array(window.height * width * 3);
  for (let y = 0; y < window.height; y++) {
    const row = (y + window.top) * pixels.width;
    for (let x = 0; x < width; x++) {
      let r = 0;
      let g = 0;
      let b = 0;
      let at = (row + across.first[x]!) * 4;
      let tap = x * across.stride;
      for (const end = tap + across.count[x]!; tap < end; tap++, at += 4) {
        const weight = across.weights[tap]!;
        r += source[at]! * weight;
        g += source[at + 1]! * weight;
        b += source[at + 2]! * weight;
      }
      const to = (y * width + x) * 3;
      narrow[to] = toByte(r);
      narrow[to + 1] = toByte(g);
      narrow[to + 2] = toByte(b);
    }
  }
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let r = 0;
      let g = 0;
      let b = 0;
      let at = ((down.first[y]! - window.top) * width + x) * 3;
      let tap = y * down.stride;
      for (const end = tap + down.count[y]!; tap < end; tap++, at += width * 3) {
        const weight = down.weights[tap]!;
        r += narrow[at]! * weight;
        g += narrow[at + 1]! * weight;
        b += narrow[at + 2]! * weight;
      }
      const to = (y * width + x) * 4;
      data[to] = toByte(r);
      data[to + 1] = toByte(g);
      data[to + 2] = toByte(b);
    }
  }
  return { width, height, data };
}

/**
 * Resizes planes of numbers with the same filter, without rounding.
 *
 * @param planes float32 `[channels, height, width]`
 * @param from `[height, width]` of the planes
 * @param to `[height, width]` of the result
 * @returns float32 `[channels, height, width]` of the new size
 */
export function resizePlanes(
  planes: Float32Array,
  from: readonly [number, number],
  to: readonly [number, number],
): Float32Array {
  const [height, width] = from;
  const [rows, columns] = to;
  const channels = planes.length / (height * width);
  const across = triangleTaps(0, width, columns);
  const down = triangleTaps(0, height, rows);
  const out = new Float32Array(channels * rows * columns);
  const narrow = new Float32Array(height * columns);
  const unit = 2 ** -PRECISION;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const row = (c * height + y) * width;
      for (let x = 0; x < columns; x++) {
        let sum = 0;
        for (let k = 0; k < across.count[x]!; k++) {
          sum += planes[row + across.first[x]! + k]! * across.weights[x * across.stride + k]!;
        }
        narrow[y * columns + x] = sum * unit;
      }
    }
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        let sum = 0;
        for (let k = 0; k < down.count[y]!; k++) {
          sum += narrow[(down.first[y]! + k) * columns + x]! * down.weights[y * down.stride + k]!;
        }
        out[(c * rows + y) * columns + x] = sum * unit;
      }
    }
  }
  return out;
}
