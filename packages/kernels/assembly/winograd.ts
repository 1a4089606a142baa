import { clear, copy } from './convolution';
import { product } from './product';

/** Extent of a piece of the input, and of the products of a tile. */
const POINTS: i32 = 6;
/** The same, in bytes of four numbers: a line of a piece in between. */
const LINE: usize = 6 << 4;
/** Extent of a tile of the result. */
const TILE: i32 = 4;

/** Bytes for what lies between the transforms of the two axes: four numbers at each point. */
export const BETWEEN_BYTES: i32 = 36 * 16;

/** Bytes between matrices beside their own: a power of two would put all 36 into the same lines of a cache. */
const GAP: usize = 192;

/**
 * Bytes from one of the 36 matrices of a block to the next.
 *
 * @param tiles tiles in a block
 * @param channels numbers in a tile
 */
export function matrixStep(tiles: i32, channels: i32): usize {
  return ((<usize>(tiles * channels)) << 2) + GAP;
}

/**
 * A 3 x 3 convolution with stride 1 of images with the channels last, by Winograd's minimal filtering F(4 x 4, 3 x 3) at the
 * points 0, 1, -1, 1/2, -2 and infinity. Channels and outputs are multiples of four.
 *
 * @param x `[images][height][width][channels]`
 * @param filters transformed: 36 times `[outputs / PANEL, rounded up][channels][PANEL]`
 * @param bias `[outputs]`; 0 for none
 * @param y `[images][toHeight][toWidth][outputs]`
 * @param above rows of zeros around the images
 * @param left columns of zeros around the images
 * @param least smallest result
 * @param atOnce tiles in a block
 * @param scratch see `product`
 * @param between memory for `BETWEEN_BYTES` bytes
 * @param pieces memory for `matrixStep(atOnce, channels) * 36` bytes
 * @param sums memory for `matrixStep(atOnce, outputs) * 36` bytes
 * @param patch memory for 36 pixels
 * @see Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016
 */
export function winograd(
  x: usize,
  filters: usize,
  bias: usize,
  y: usize,
  images: i32,
  height: i32,
  width: i32,
  channels: i32,
  toHeight: i32,
  toWidth: i32,
  outputs: i32,
  above: i32,
  left: i32,
  least: f32,
  atOnce: i32,
  scratch: usize,
  between: usize,
  pieces: usize,
  sums: usize,
  patch: usize,
): void {
  const down = (toHeight + TILE - 1) / TILE;
  const across = (toWidth + TILE - 1) / TILE;
  const tiles = images * down * across;
  const pixel = (<usize>channels) << 2;
  const result = (<usize>outputs) << 2;
  const pieceStep = matrixStep(atOnce, channels);
  const sumStep = matrixStep(atOnce, outputs);
  const filterStep = (<usize>(((outputs + 7) & ~7) * channels)) << 2;
  for (let first = 0; first < tiles; first += atOnce) {
    const count = min(atOnce, tiles - first);
    for (let i = 0; i < count; i++) {
      const line = (first + i) / across;
      const row = (line % down) * TILE - above;
      const column = ((first + i) % across) * TILE - left;
      const image = x + <usize>((line / down) * height * width) * pixel;
      const to = pieces + <usize>i * pixel;
      if (row >= 0 && column >= 0 && row + POINTS <= height && column + POINTS <= width) {
        const from = image + <usize>(row * width + column) * pixel;
        transformPiece(from, <usize>width * pixel, pixel, to, pieceStep, channels, between);
      } else {
        cutOut(image, height, width, pixel, row, column, patch);
        transformPiece(patch, <usize>POINTS * pixel, pixel, to, pieceStep, channels, between);
      }
    }
    for (let point = 0; point < POINTS * POINTS; point++) {
      product(
        pieces + <usize>point * pieceStep,
        pixel,
        filters + <usize>point * filterStep,
        sums + <usize>point * sumStep,
        result,
        count,
        channels,
        outputs,
        0,
        <f32>-Infinity,
        scratch,
      );
    }
    for (let i = 0; i < count; i++) {
      const line = (first + i) / across;
      const row = (line % down) * TILE;
      const column = ((first + i) % across) * TILE;
      const to = y + <usize>(((line / down) * toHeight + row) * toWidth + column) * result;
      const rows = min(TILE, toHeight - row);
      const columns = min(TILE, toWidth - column);
      const step = <usize>toWidth * result;
      const from = sums + <usize>i * result;
      transformSums(from, sumStep, to, step, outputs, rows, columns, bias, least, between);
    }
  }
}

/** Copies a piece of an image, with zeros where it reaches beyond. */
function cutOut(
  image: usize,
  height: i32,
  width: i32,
  pixel: usize,
  row: i32,
  column: i32,
  to: usize,
): void {
  const before = min(POINTS, max(0, -column));
  const behind = min(POINTS - before, max(0, column + POINTS - width));
  const inside = POINTS - before - behind;
  for (let i = row; i < row + POINTS; i++) {
    if (i < 0 || i >= height) {
      clear(to, <usize>POINTS * pixel);
    } else {
      const from = image + <usize>(i * width + column + before) * pixel;
      clear(to, <usize>before * pixel);
      copy(from, to + <usize>before * pixel, <usize>inside * pixel);
      clear(to + <usize>(before + inside) * pixel, <usize>behind * pixel);
    }
    to += <usize>POINTS * pixel;
  }
}

function times(x: v128, factor: f32): v128 {
  return f32x4.mul(x, f32x4.splat(factor));
}

/** Six numbers, for four channels, as the input is transformed along one axis. */

function transformLine(from: usize, step: usize, to: usize, toStep: usize): void {
  const d0 = v128.load(from);
  const d1 = v128.load(from + step);
  const d2 = v128.load(from + 2 * step);
  const d3 = v128.load(from + 3 * step);
  const d4 = v128.load(from + 4 * step);
  const d5 = v128.load(from + 5 * step);
  const odd = f32x4.sub(d3, d1);
  const even = f32x4.sub(d4, d2);
  v128.store(to, f32x4.add(f32x4.add(f32x4.sub(d0, d2), even), times(odd, 1.5)));
  const sum = f32x4.add(d4, times(d2, 0.5));
  v128.store(to + toStep, f32x4.add(sum, f32x4.sub(times(d3, 2.5), d1)));
  const difference = f32x4.add(d4, times(d2, -2.5));
  v128.store(to + 2 * toStep, f32x4.add(difference, f32x4.add(times(d3, 0.5), d1)));
  v128.store(to + 3 * toStep, f32x4.add(even, f32x4.add(odd, odd)));
  v128.store(to + 4 * toStep, f32x4.sub(even, times(odd, 0.5)));
  const ends = f32x4.sub(f32x4.sub(d5, d3), odd);
  v128.store(to + 5 * toStep, f32x4.add(ends, times(even, 1.5)));
}

/** B^T d B for all channels of a piece. */
function transformPiece(
  from: usize,
  rowStep: usize,
  pixel: usize,
  to: usize,
  step: usize,
  channels: i32,
  between: usize,
): void {
  for (let channel = 0; channel < channels; channel += 4) {
    for (let column = 0; column < POINTS; column++) {
      const at = <usize>column;
      transformLine(from + at * pixel, rowStep, between + (at << 4), LINE);
    }
    for (let row = 0; row < POINTS; row++) {
      const at = <usize>row;
      transformLine(between + at * LINE, 16, to + at * POINTS * step, step);
    }
    from += 16;
    to += 16;
  }
}

/** Four results of six sums along one axis, for four channels. */

function invertLine(from: usize, step: usize, to: usize): void {
  const m0 = v128.load(from);
  const m1 = v128.load(from + step);
  const m2 = v128.load(from + 2 * step);
  const m3 = v128.load(from + 3 * step);
  const m4 = v128.load(from + 4 * step);
  const m5 = v128.load(from + 5 * step);
  const sum = f32x4.add(m1, m2);
  const difference = f32x4.sub(m1, m2);
  v128.store(to, f32x4.add(f32x4.add(m0, sum), f32x4.add(m3, m4)));
  v128.store(to, f32x4.add(difference, f32x4.sub(times(m3, 0.5), times(m4, 2))), 16);
  v128.store(to, f32x4.add(sum, f32x4.add(times(m3, 0.25), times(m4, 4))), 32);
  const last = f32x4.add(difference, f32x4.sub(times(m3, 0.125), times(m4, 8)));
  v128.store(to, f32x4.add(last, m5), 48);
}

/** A^T m A for all outputs of a tile, with bias and limit. */
function transformSums(
  from: usize,
  step: usize,
  to: usize,
  rowStep: usize,
  outputs: i32,
  rows: i32,
  columns: i32,
  bias: usize,
  least: f32,
  between: usize,
): void {
  const floor = f32x4.splat(least);
  const done = between + ((POINTS * TILE) << 4);
  const pixel = (<usize>outputs) << 2;
  for (let output = 0; output < outputs; output += 4) {
    const start = bias ? v128.load(bias + ((<usize>output) << 2)) : f32x4.splat(0);
    for (let row = 0; row < POINTS; row++) {
      const at = <usize>row;
      invertLine(from + at * POINTS * step, step, between + at * (TILE << 4));
    }
    for (let column = 0; column < columns; column++) {
      invertLine(between + ((<usize>column) << 4), TILE << 4, done);
      let place = to + <usize>column * pixel;
      for (let row = 0; row < rows; row++) {
        const sum = f32x4.add(v128.load(done + ((<usize>row) << 4)), start);
        v128.store(place, f32x4.max(sum, floor));
        place += rowStep;
      }
    }
    from += 16;
    to += 16;
  }
}
