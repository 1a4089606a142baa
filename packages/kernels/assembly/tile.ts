// One tile of a matrix product: a few rows of the left factor times a panel of columns of the right one.

/** Columns of the right factor that lie side by side in a panel: two registers of four numbers. */
export const PANEL: i32 = 8;

/**
 * Rows of a tile. With fused multiplication and addition, twelve sums, two columns and one row fill the fifteen registers
 * that V8 hands out; without, each product takes one more.
 */
export const ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;

/** Bytes of a tile's sums, the same in both forms of the module. */
export const TILE_BYTES: i32 = 6 * PANEL * 4;

/** x y + sum. */
function fma(x: v128, y: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, sum);
  return f32x4.add(sum, f32x4.mul(x, y));
}

/**
 * sums[row][column] = sum over i of left[row][i] panel[i][column]. Nothing else happens here: whatever else lives through
 * the loop takes a register from it, and one number that does not fit halves its speed.
 *
 * @param left first number of the first row
 * @param leftStep bytes from row to row
 * @param panel `[depth][PANEL]`
 * @param depth numbers in a row of the left factor
 * @param rows how many rows there are; the others repeat the first
 * @param sums `[ROWS][PANEL]`
 */
export function tile(
  left: usize,
  leftStep: usize,
  panel: usize,
  depth: i32,
  rows: i32,
  sums: usize,
): void {
  let a0 = left;
  let a1 = rows > 1 ? left + leftStep : left;
  let a2 = rows > 2 ? left + 2 * leftStep : left;
  let a3 = rows > 3 ? left + 3 * leftStep : left;
  let a4 = rows > 4 ? left + 4 * leftStep : left;
  let a5 = rows > 5 ? left + 5 * leftStep : left;
  let x0 = f32x4.splat(0);
  let y0 = f32x4.splat(0);
  let x1 = f32x4.splat(0);
  let y1 = f32x4.splat(0);
  let x2 = f32x4.splat(0);
  let y2 = f32x4.splat(0);
  let x3 = f32x4.splat(0);
  let y3 = f32x4.splat(0);
  let x4 = f32x4.splat(0);
  let y4 = f32x4.splat(0);
  let x5 = f32x4.splat(0);
  let y5 = f32x4.splat(0);
  const end = a0 + ((<usize>depth) << 2);
  while (a0 < end) {
    const low = v128.load(panel);
    const high = v128.load(panel, 16);
    const s0 = v128.load32_splat(a0);
    a0 += 4;
    x0 = fma(s0, low, x0);
    y0 = fma(s0, high, y0);
    const s1 = v128.load32_splat(a1);
    a1 += 4;
    x1 = fma(s1, low, x1);
    y1 = fma(s1, high, y1);
    const s2 = v128.load32_splat(a2);
    a2 += 4;
    x2 = fma(s2, low, x2);
    y2 = fma(s2, high, y2);
    const s3 = v128.load32_splat(a3);
    a3 += 4;
    x3 = fma(s3, low, x3);
    y3 = fma(s3, high, y3);
    const s4 = v128.load32_splat(a4);
    a4 += 4;
    x4 = fma(s4, low, x4);
    y4 = fma(s4, high, y4);
    if (ROWS > 5) {
      const s5 = v128.load32_splat(a5);
      a5 += 4;
      x5 = fma(s5, low, x5);
      y5 = fma(s5, high, y5);
    }
    panel += 32;
  }
  v128.store(sums, x0);
  v128.store(sums, y0, 16);
  v128.store(sums, x1, 32);
  v128.store(sums, y1, 48);
  v128.store(sums, x2, 64);
  v128.store(sums, y2, 80);
  v128.store(sums, x3, 96);
  v128.store(sums, y3, 112);
  v128.store(sums, x4, 128);
  v128.store(sums, y4, 144);
  if (ROWS > 5) {
    v128.store(sums, x5, 160);
    v128.store(sums, y5, 176);
  }
}

/**
 * sums[row][column] = sum over i of left[i][row] panel[i][column]: the same with the left factor turned round. Reads whole tiles,
 * also where the left factor has fewer rows.
 *
 * @param left first number of the first row
 * @param leftStep bytes from one i to the next
 * @param panel `[depth][PANEL]`
 * @param depth how many i there are
 * @param sums `[ROWS][PANEL]`
 */
export function tileAcross(
  left: usize,
  leftStep: usize,
  panel: usize,
  depth: i32,
  sums: usize,
): void {
  let x0 = f32x4.splat(0);
  let y0 = f32x4.splat(0);
  let x1 = f32x4.splat(0);
  let y1 = f32x4.splat(0);
  let x2 = f32x4.splat(0);
  let y2 = f32x4.splat(0);
  let x3 = f32x4.splat(0);
  let y3 = f32x4.splat(0);
  let x4 = f32x4.splat(0);
  let y4 = f32x4.splat(0);
  let x5 = f32x4.splat(0);
  let y5 = f32x4.splat(0);
  const end = panel + ((<usize>depth) << 5);
  while (panel < end) {
    const low = v128.load(panel);
    const high = v128.load(panel, 16);
    const s0 = v128.load32_splat(left);
    x0 = fma(s0, low, x0);
    y0 = fma(s0, high, y0);
    const s1 = v128.load32_splat(left, 4);
    x1 = fma(s1, low, x1);
    y1 = fma(s1, high, y1);
    const s2 = v128.load32_splat(left, 8);
    x2 = fma(s2, low, x2);
    y2 = fma(s2, high, y2);
    const s3 = v128.load32_splat(left, 12);
    x3 = fma(s3, low, x3);
    y3 = fma(s3, high, y3);
    const s4 = v128.load32_splat(left, 16);
    x4 = fma(s4, low, x4);
    y4 = fma(s4, high, y4);
    if (ROWS > 5) {
      const s5 = v128.load32_splat(left, 20);
      x5 = fma(s5, low, x5);
      y5 = fma(s5, high, y5);
    }
    left += leftStep;
    panel += 32;
  }
  v128.store(sums, x0);
  v128.store(sums, y0, 16);
  v128.store(sums, x1, 32);
  v128.store(sums, y1, 48);
  v128.store(sums, x2, 64);
  v128.store(sums, y2, 80);
  v128.store(sums, x3, 96);
  v128.store(sums, y3, 112);
  v128.store(sums, x4, 128);
  v128.store(sums, y4, 144);
  if (ROWS > 5) {
    v128.store(sums, x5, 160);
    v128.store(sums, y5, 176);
  }
}
