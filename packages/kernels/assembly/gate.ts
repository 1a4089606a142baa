/**
 * y = g where x > 0, else 0: the derivative of a ReLU, in one pass and with no product that an infinite g could spoil.
 *
 * @param x numbers
 * @param g as many
 * @param y as many
 * @param count how many
 */
export function gate(x: usize, g: usize, y: usize, count: i32): void {
  const end = x + ((<usize>count) << 2);
  const zero = f32x4.splat(0);
  while (x + 16 <= end) {
    v128.store(y, v128.and(v128.load(g), f32x4.gt(v128.load(x), zero)));
    x += 16;
    g += 16;
    y += 16;
  }
  while (x < end) {
    store<f32>(y, load<f32>(x) > 0 ? load<f32>(g) : 0);
    x += 4;
    g += 4;
    y += 4;
  }
}
