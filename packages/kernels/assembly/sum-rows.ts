import { clear } from './convolution';

/** Rows that are added up before they are added to the sums: sums of sums lose fewer digits. */
const AT_ONCE: i32 = 128;

/**
 * The sum of the rows of a matrix.
 *
 * @param x `[rows][columns]`
 * @param sums `[columns]`
 */
export function sumRows(x: usize, rows: i32, columns: i32, sums: usize): void {
  const step = (<usize>columns) << 2;
  clear(sums, step);
  for (let first = 0; first < rows; first += AT_ONCE) {
    const count = min(AT_ONCE, rows - first);
    const from = x + <usize>first * step;
    let column = 0;
    for (; column + 4 <= columns; column += 4) {
      const at = (<usize>column) << 2;
      let sum = f32x4.splat(0);
      let row = from + at;
      for (let i = 0; i < count; i++) {
        sum = f32x4.add(sum, v128.load(row));
        row += step;
      }
      v128.store(sums + at, f32x4.add(v128.load(sums + at), sum));
    }
    for (; column < columns; column++) {
      const at = (<usize>column) << 2;
      let sum: f32 = 0;
      let row = from + at;
      for (let i = 0; i < count; i++) {
        sum += load<f32>(row);
        row += step;
      }
      store<f32>(sums + at, load<f32>(sums + at) + sum);
    }
  }
}
