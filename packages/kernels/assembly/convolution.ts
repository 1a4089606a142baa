import { product } from './product';

/** Positions whose windows are laid out at once. */
export const POSITIONS: i32 = 96;

/**
 * A convolution of images with the channels last: the windows of some positions are laid out as rows of a matrix, which is
 * multiplied with the filters.
 *
 * @param x `[images][height][width][channels]`
 * @param filters in panels: `[outputs / PANEL, rounded up][rows * columns * channels][PANEL]`
 * @param bias `[outputs]`, as long as the panels together; 0 for none
 * @param y `[images][toHeight][toWidth][outputs]`
 * @param least smallest result
 * @param scratch see `product`
 * @param windows memory for the windows of `POSITIONS` positions
 */
export function convolution(
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
  rows: i32,
  columns: i32,
  strideDown: i32,
  strideAcross: i32,
  dilationDown: i32,
  dilationAcross: i32,
  above: i32,
  left: i32,
  least: f32,
  scratch: usize,
  windows: usize,
): void {
  const positions = images * toHeight * toWidth;
  const depth = rows * columns * channels;
  const step = (<usize>depth) << 2;
  const resultStep = (<usize>outputs) << 2;
  const isPlain =
    rows == 1 &&
    columns == 1 &&
    strideDown == 1 &&
    strideAcross == 1 &&
    above == 0 &&
    left == 0 &&
    toHeight == height &&
    toWidth == width;
  if (isPlain) {
    product(x, step, filters, y, resultStep, positions, depth, outputs, bias, least, scratch);
    return;
  }
  for (let first = 0; first < positions; first += POSITIONS) {
    const count = min(POSITIONS, positions - first);
    layOut(
      x,
      height,
      width,
      channels,
      toHeight,
      toWidth,
      rows,
      columns,
      strideDown,
      strideAcross,
      dilationDown,
      dilationAcross,
      above,
      left,
      first,
      count,
      windows,
      step,
    );
    const result = y + <usize>first * resultStep;
    product(
      windows,
      step,
      filters,
      result,
      resultStep,
      count,
      depth,
      outputs,
      bias,
      least,
      scratch,
    );
  }
}

/**
 * Lays out the windows of some positions as rows of a matrix: `[count][rows * columns * channels]`.
 *
 * @param first the first position
 * @param count how many positions
 * @param windows where to
 * @param step bytes from row to row
 */
export function layOut(
  x: usize,
  height: i32,
  width: i32,
  channels: i32,
  toHeight: i32,
  toWidth: i32,
  rows: i32,
  columns: i32,
  strideDown: i32,
  strideAcross: i32,
  dilationDown: i32,
  dilationAcross: i32,
  above: i32,
  left: i32,
  first: i32,
  count: i32,
  windows: usize,
  step: usize,
): void {
  const pixel = (<usize>channels) << 2;
  for (let at = first; at < first + count; at++) {
    let to = windows + <usize>(at - first) * step;
    const column = at % toWidth;
    const line = at / toWidth;
    const row = line % toHeight;
    const image = line / toHeight;
    const x0 = column * strideAcross - left;
    for (let down = 0; down < rows; down++) {
      const from = row * strideDown - above + down * dilationDown;
      if (from < 0 || from >= height) {
        clear(to, pixel * columns);
        to += pixel * columns;
        continue;
      }
      const start = x + <usize>((image * height + from) * width) * pixel;
      if (dilationAcross == 1) {
        // The columns lie side by side: those before the image, in it, and behind it.
        const before = min(columns, max(0, -x0));
        const behind = min(columns - before, max(0, x0 + columns - width));
        const inside = columns - before - behind;
        clear(to, pixel * before);
        to += pixel * before;
        copy(start + <usize>(x0 + before) * pixel, to, pixel * inside);
        to += pixel * inside;
        clear(to, pixel * behind);
        to += pixel * behind;
        continue;
      }
      for (let across = 0; across < columns; across++) {
        const place = x0 + across * dilationAcross;
        if (place < 0 || place >= width) clear(to, pixel);
        else copy(start + <usize>place * pixel, to, pixel);
        to += pixel;
      }
    }
  }
}

/** Writes zeros; a multiple of four bytes. */
export function clear(to: usize, bytes: usize): void {
  const end = to + bytes;
  const zero = f32x4.splat(0);
  while (to + 16 <= end) {
    v128.store(to, zero);
    to += 16;
  }
  while (to < end) {
    store<f32>(to, 0);
    to += 4;
  }
}

/** Copies; a multiple of four bytes. Most runs are a few pixels, for which a call of memory.copy takes too long. */
export function copy(from: usize, to: usize, bytes: usize): void {
  const end = to + bytes;
  while (to + 16 <= end) {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
  }
  while (to < end) {
    store<f32>(to, load<f32>(from));
    from += 4;
    to += 4;
  }
}
