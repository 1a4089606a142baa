import { PANEL, ROWS, tile } from './tile';

/** Rows of the left factor that are multiplied with a panel while both stay in the caches. */
const ROWS_AT_ONCE: i32 = 96;

/** Depth that is summed at once: a panel and a tile of rows stay in a first-level cache of 32 kB. */
const DEPTH_AT_ONCE: i32 = 512;

/**
 * result = max(left right + bias, least).
 *
 * @param left `[rows][depth]`
 * @param leftStep bytes from row to row
 * @param right in panels: `[columns / PANEL, rounded up][depth][PANEL]`, zeros behind the last column
 * @param result `[rows][columns]`
 * @param resultStep bytes from row to row
 * @param bias `[columns]`, as long as the panels together; 0 for none
 * @param least smallest result
 * @param scratch memory for a tile
 */
export function product(
  left: usize,
  leftStep: usize,
  right: usize,
  result: usize,
  resultStep: usize,
  rows: i32,
  depth: i32,
  columns: i32,
  bias: usize,
  least: f32,
  scratch: usize,
): void {
  for (let deep = 0; deep < depth; deep += DEPTH_AT_ONCE) {
    const share = min(DEPTH_AT_ONCE, depth - deep);
    const floor = deep + share < depth ? <f32>-Infinity : least;
    for (let first = 0; first < rows; first += ROWS_AT_ONCE) {
      const last = min(rows, first + ROWS_AT_ONCE);
      for (let column = 0; column < columns; column += PANEL) {
        const width = min(PANEL, columns - column);
        const panel = right + ((<usize>column * depth + deep * PANEL) << 2);
        for (let row = first; row < last; row += ROWS) {
          const count = min(ROWS, last - row);
          const from = left + <usize>row * leftStep + ((<usize>deep) << 2);
          const to = result + <usize>row * resultStep + ((<usize>column) << 2);
          tile(from, leftStep, panel, share, count, scratch);
          let start: usize = 0;
          let startStep: usize = 0;
          if (deep > 0) {
            start = to;
            startStep = resultStep;
          } else if (bias) start = bias + ((<usize>column) << 2);
          if (width == PANEL) put(scratch, start, startStep, to, resultStep, count, floor);
          else putNarrow(scratch, start, startStep, to, resultStep, count, width, floor);
        }
      }
    }
  }
}

/** Rows of a tile to their places: to[row] = max(start[row] + sums[row], floor). */
export function put(
  sums: usize,
  start: usize,
  startStep: usize,
  to: usize,
  step: usize,
  rows: i32,
  floor: f32,
): void {
  const least = f32x4.splat(floor);
  for (let row = 0; row < rows; row++) {
    let low = v128.load(sums);
    let high = v128.load(sums, 16);
    if (start) {
      low = f32x4.add(low, v128.load(start));
      high = f32x4.add(high, v128.load(start, 16));
      start += startStep;
    }
    v128.store(to, f32x4.max(low, least));
    v128.store(to, f32x4.max(high, least), 16);
    sums += PANEL << 2;
    to += step;
  }
}

/** The same for results that end within a panel. */
export function putNarrow(
  sums: usize,
  start: usize,
  startStep: usize,
  to: usize,
  step: usize,
  rows: i32,
  width: i32,
  floor: f32,
): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      const at = (<usize>column) << 2;
      let sum = load<f32>(sums + at);
      if (start) sum += load<f32>(start + at);
      store<f32>(to + at, max(sum, floor));
    }
    start += startStep;
    sums += PANEL << 2;
    to += step;
  }
}
