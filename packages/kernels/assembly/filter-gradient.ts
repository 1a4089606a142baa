import { clear, layOut } from './convolution';
import { pack } from './filters';
import { put, putNarrow } from './product';
import { PANEL, ROWS, tileAcross } from './tile';

/**
 * The gradient of a convolution's filters, windows^T dy: some positions at a time, their windows are laid out as rows of a
 * matrix, whose transpose is multiplied with the cotangents there and added to the result.
 *
 * @param x `[images][height][width][channels]`
 * @param dy `[images][toHeight][toWidth][outputs]`
 * @param dw `[rows][columns][channels][outputs]`
 * @param atOnce positions at a time
 * @param scratch memory for a tile
 * @param windows memory for `atOnce * step` bytes and a tile's row
 * @param step bytes from window to window
 * @param panels memory for `atOnce` cotangents in panels
 */
export function filterGradient(
  x: usize,
  dy: usize,
  dw: usize,
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
  atOnce: i32,
  scratch: usize,
  windows: usize,
  step: usize,
  panels: usize,
): void {
  const positions = images * toHeight * toWidth;
  const depth = rows * columns * channels;
  const result = (<usize>outputs) << 2;
  clear(dw, result * depth);
  for (let first = 0; first < positions; first += atOnce) {
    const count = min(atOnce, positions - first);
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
    pack(dy + <usize>first * result, count, outputs, panels);
    for (let column = 0; column < outputs; column += PANEL) {
      const panel = panels + ((<usize>column * count) << 2);
      const wide = min(PANEL, outputs - column);
      for (let row = 0; row < depth; row += ROWS) {
        const height = min(ROWS, depth - row);
        tileAcross(windows + ((<usize>row) << 2), step, panel, count, scratch);
        const to = dw + <usize>row * result + ((<usize>column) << 2);
        const none = <f32>-Infinity;
        if (wide == PANEL) put(scratch, to, result, to, result, height, none);
        else putNarrow(scratch, to, result, to, result, height, wide, none);
      }
    }
  }
}
