import { clear } from './convolution';

/**
 * The derivative of max-pooling whose windows lie side by side: each window's cotangent goes to its maximum, the first one in row
 * order on a tie; elsewhere 0.
 *
 * @param x `[images][height][width][channels]`
 * @param y the maxima: `[images][toHeight][toWidth][channels]`
 * @param dy their cotangents
 * @param dx like x
 * @param rows of a window, and rows from window to window
 * @param columns of a window, and columns from window to window
 * @param above rows of the first windows that lie outside
 * @param left columns of the first windows that lie outside
 */
export function poolGradient(
  x: usize,
  y: usize,
  dy: usize,
  dx: usize,
  images: i32,
  height: i32,
  width: i32,
  channels: i32,
  toHeight: i32,
  toWidth: i32,
  rows: i32,
  columns: i32,
  above: i32,
  left: i32,
): void {
  const pixel = (<usize>channels) << 2;
  // What lies in no window.
  clear(dx, <usize>(images * height * width) * pixel);
  for (let image = 0; image < images; image++) {
    for (let row = 0; row < toHeight; row++) {
      const top = max(0, row * rows - above);
      const bottom = min(height, (row + 1) * rows - above);
      for (let column = 0; column < toWidth; column++) {
        const first = max(0, column * columns - left);
        const last = min(width, (column + 1) * columns - left);
        let channel = 0;
        for (; channel + 4 <= channels; channel += 4) {
          const at = (<usize>channel) << 2;
          const most = v128.load(y + at);
          const signal = v128.load(dy + at);
          let free = i32x4.splat(-1);
          for (let i = top; i < bottom; i++) {
            let place = <usize>((image * height + i) * width + first) * pixel + at;
            for (let j = first; j < last; j++) {
              const hit = v128.and(f32x4.eq(v128.load(x + place), most), free);
              v128.store(dx + place, v128.and(signal, hit));
              free = v128.andnot(free, hit);
              place += pixel;
            }
          }
        }
        for (; channel < channels; channel++) {
          const at = (<usize>channel) << 2;
          const most = load<f32>(y + at);
          let free = true;
          for (let i = top; i < bottom && free; i++) {
            let place = <usize>((image * height + i) * width + first) * pixel + at;
            for (let j = first; j < last && free; j++) {
              if (load<f32>(x + place) == most) {
                store<f32>(dx + place, load<f32>(dy + at));
                free = false;
              }
              place += pixel;
            }
          }
        }
        y += pixel;
        dy += pixel;
      }
    }
  }
}
