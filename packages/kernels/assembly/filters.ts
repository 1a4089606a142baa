import { clear } from './convolution';
import { PANEL } from './tile';

/**
 * Lays out a matrix in panels of columns, with zeros behind the last column.
 *
 * @param from `[depth][columns]`
 * @param to `[columns / PANEL, rounded up][depth][PANEL]`
 */
export function pack(from: usize, depth: i32, columns: i32, to: usize): void {
  const step = (<usize>columns) << 2;
  for (let column = 0; column < columns; column += PANEL) {
    const width = min(PANEL, columns - column);
    let row = from + ((<usize>column) << 2);
    for (let i = 0; i < depth; i++) {
      if (width == PANEL) {
        v128.store(to, v128.load(row));
        v128.store(to, v128.load(row, 16), 16);
      } else {
        clear(to, PANEL << 2);
        for (let at = 0; at < width; at++) {
          store<f32>(to + ((<usize>at) << 2), load<f32>(row + ((<usize>at) << 2)));
        }
      }
      row += step;
      to += PANEL << 2;
    }
  }
}

/** Numbers along an axis in Winograd's domain. */
const POINTS: i32 = 6;
const TAPS: i32 = 3;

/** G g for four outputs: three numbers along an axis become six. */

function transformTaps(from: usize, step: usize, to: usize, toStep: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + step);
  const c = v128.load(from + 2 * step);
  const third = f32x4.splat(<f32>(1.0 / 3));
  const ends = f32x4.add(a, c);
  v128.store(to, a);
  v128.store(to + toStep, f32x4.mul(f32x4.add(ends, b), third));
  v128.store(to + 2 * toStep, f32x4.mul(f32x4.sub(b, ends), third));
  const half = f32x4.add(f32x4.mul(f32x4.splat(4), a), f32x4.add(f32x4.mul(f32x4.splat(2), b), c));
  v128.store(to + 3 * toStep, f32x4.mul(half, f32x4.splat(<f32>(-4.0 / 15))));
  const two = f32x4.add(f32x4.sub(a, f32x4.mul(f32x4.splat(2), b)), f32x4.mul(f32x4.splat(4), c));
  v128.store(to + 4 * toStep, f32x4.mul(two, f32x4.splat(<f32>(1.0 / 15))));
  v128.store(to + 5 * toStep, c);
}

/**
 * 3 x 3 filters in Winograd's domain, G g G^T, at the points of `winograd`. Outputs are a multiple of four.
 *
 * @param from `[3][3][inputs][outputs]`
 * @param to 36 times `[outputs / PANEL, rounded up][inputs][PANEL]`
 * @param between memory for 36 * 16 bytes
 */
export function transformFilters(
  from: usize,
  inputs: i32,
  outputs: i32,
  to: usize,
  between: usize,
): void {
  const tap = (<usize>(inputs * outputs)) << 2;
  const matrix = (<usize>(((outputs + 7) & ~7) * inputs)) << 2;
  if (outputs & 7) clear(to, matrix * POINTS * POINTS);
  for (let input = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output += 4) {
      const g = from + ((<usize>(input * outputs + output)) << 2);
      for (let column = 0; column < TAPS; column++) {
        const at = <usize>column;
        transformTaps(g + at * tap, <usize>TAPS * tap, between + (at << 4), (<usize>TAPS) << 4);
      }
      const place = to + ((<usize>((output & ~7) * inputs + input * PANEL + (output & 7))) << 2);
      for (let row = 0; row < POINTS; row++) {
        const at = <usize>row;
        transformTaps(between + at * (TAPS << 4), 16, place + at * POINTS * matrix, matrix);
      }
    }
  }
}
