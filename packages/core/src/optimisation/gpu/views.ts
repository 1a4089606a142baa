import { taps, type Sampling } from '../sampling.js';
import type { View } from '../view.js';
import { float, groupsFor, type KernelSource } from './kernel.js';

/** Numbers of a step before its views: the rate, and which step it is of those whose reports are kept. */
export const STEP_NUMBERS = 4;
/** Numbers of a view: its map, the inverse, samples along a side of a pixel, and its reach. */
export const VIEW_NUMBERS = 14;

/** The views of a step. */
export interface GpuViews {
  /** Of each picture. */
  readonly views: number;
  /** Grey around the image, 0 to 1. */
  readonly beyond: number;
}

/**
 * How far samples that take from a pixel lie from the place to which it is mapped, at most, counted in samples: the
 * image of the square in which bilinear weights are not zero.
 *
 * @param view where to look
 */
export function reachOf(view: View): number {
  const { xx, xy, yx, yy } = view;
  const size = Math.abs(xx * yy - xy * yx);
  const [across, down] = [Math.abs(yy) + Math.abs(xy), Math.abs(yx) + Math.abs(xx)];
  return Math.floor((Math.max(across, down) / size) * taps(view) + 0.5);
}

/** Numbers of one view as kernels take them: where it looks, and the way back. */
export function viewNumbers(view: View): number[] {
  const { xx, xy, x0, yx, yy, y0 } = view;
  const size = xx * yy - xy * yx;
  const [a, b, c, d] = [yy / size, -xy / size, -yx / size, xx / size];
  const back = [a, b, -(a * x0 + b * y0), c, d, -(c * x0 + d * y0)];
  return [xx, xy, x0, yx, yy, y0, ...back, taps(view), reachOf(view)];
}

/** The map of view `b` at (x, y), for buffers named `step`. */
const MAP = `
fn mapped(base: u32, x: f32, y: f32) -> vec2f {
  return vec2f(
    step[base] * x + step[base + 1u] * y + step[base + 2u],
    step[base + 3u] * x + step[base + 4u] * y + step[base + 5u],
  );
}`;

/**
 * What `sample` computes, for views that do not wrap around. Buffers: image `[n, C, H, W]`, step,
 * seen `[n views, C, h, w]`; threads along x are pixels, groups along y views.
 *
 * @param sampling sizes
 * @param views of each picture
 */
export function viewKernel(
  { channels, image, input, grey }: Sampling,
  { views, beyond }: GpuViews,
): KernelSource {
  const [[height, width], [rows, columns]] = [image, input];
  const around = Array.from({ length: channels }, (_, c) => float(grey(c, beyond)));
  return {
    name: 'views',
    buffers: [
      ['image', 'f32', 'read'],
      ['step', 'f32', 'read'],
      ['seen', 'f32', 'write'],
    ],
    before: `${MAP}
/** The share of a neighbour, none where it lies outside. */
fn share(weight: f32, place: f32, extent: f32) -> f32 {
  return select(f32(0), weight, place >= 0 && place < extent);
}
fn inside(place: f32, extent: f32) -> u32 { return u32(clamp(place, f32(0), extent - 1)); }`,
    body: `
  if (at >= ${rows * columns}u) { return; }
  let view = group.y;
  let numbers = ${STEP_NUMBERS}u + view * ${VIEW_NUMBERS}u;
  let along = u32(step[numbers + 12u]);
  let pixel = vec2f(f32(at % ${columns}u), f32(at / ${columns}u));
  var sums: array<f32, ${channels}>;
  for (var k = 0u; k < along * along; k++) {
    let part = (vec2f(f32(k % along), f32(k / along)) + 0.5) / f32(along) - 0.5;
    let place = mapped(numbers, pixel.x + part.x, pixel.y + part.y);
    let low = floor(place);
    let rest = place - low;
    let left = share(1 - rest.x, low.x, ${width});
    let right = share(rest.x, low.x + 1, ${width});
    let top = share(1 - rest.y, low.y, ${height});
    let bottom = share(rest.y, low.y + 1, ${height});
    let x = vec2u(inside(low.x, ${width}), inside(low.x + 1, ${width}));
    let y = ${width}u * vec2u(inside(low.y, ${height}), inside(low.y + 1, ${height}));
    let beyond = 1 - (left + right) * (top + bottom);
    for (var c = 0u; c < ${channels}u; c++) {
      let base = ((view / ${views}u) * ${channels}u + c) * ${height * width}u;
      sums[c] +=
        top * (left * image[base + y.x + x.x] + right * image[base + y.x + x.y]) +
        bottom * (left * image[base + y.y + x.x] + right * image[base + y.y + x.y]);
    }${around.map((value, c) => `\n    sums[${c}] += beyond * ${value};`).join('')}
  }
  for (var c = 0u; c < ${channels}u; c++) {
    seen[(view * ${channels}u + c) * ${rows * columns}u + at] = sums[c] / f32(along * along);
  }`,
  };
}

/** Workgroups of `viewKernel`. */
export const viewGroups = (
  { input: [rows, columns] }: Sampling,
  batch: number,
): readonly [number, number] => [groupsFor(rows * columns), batch];

/**
 * WGSL of `fn gathered(picture: u32, at: u32) -> array<f32, C>`: the adjoint of `viewKernel` at a pixel, the mean over the
 * views of its picture. Nothing can be added to a place from many sides on a GPU, so each pixel of the image looks for
 * the samples that took from it: they lie around the place to which the view's inverse maps it. It reads buffers named
 * `gradient` `[n views, C, h, w]` and `step`.
 *
 * @param sampling sizes
 * @param views of each picture; without them the network saw the picture as it is
 */
export function gathering(
  { channels, image, input }: Sampling,
  views: GpuViews | undefined,
): string {
  const [[height, width], [rows, columns]] = [image, input];
  const plane = rows * columns;
  if (!views) {
    return `
fn gathered(picture: u32, at: u32) -> array<f32, ${channels}> {
  var sums: array<f32, ${channels}>;
  for (var c = 0u; c < ${channels}u; c++) {
    sums[c] = gradient[(picture * ${channels}u + c) * ${height * width}u + at];
  }
  return sums;
}`;
  }
  return `${MAP}
fn gathered(picture: u32, at: u32) -> array<f32, ${channels}> {
  var sums: array<f32, ${channels}>;
  let pixel = vec2f(f32(at % ${width}u), f32(at / ${width}u));
  for (var v = 0u; v < ${views.views}u; v++) {
    let view = picture * ${views.views}u + v;
    let there = ${STEP_NUMBERS}u + view * ${VIEW_NUMBERS}u;
    let along = step[there + 12u];
    let reach = i32(step[there + 13u]);
    // Samples are counted over all pixels, along each side.
    let centre = vec2i(floor((mapped(there + 6u, pixel.x, pixel.y) + 0.5) * along));
    let first = max(centre - reach, vec2i(0));
    let last = min(centre + reach, vec2i(${columns}, ${rows}) * i32(along) - 1);
    for (var y = first.y; y <= last.y; y++) {
      for (var x = first.x; x <= last.x; x++) {
        let place = (vec2f(f32(x), f32(y)) + 0.5) / along - 0.5;
        let apart = abs(mapped(there, place.x, place.y) - pixel);
        let weight = max(1 - apart.x, f32(0)) * max(1 - apart.y, f32(0)) / (along * along);
        if (weight == 0) { continue; }
        let base = view * ${channels * plane}u + (u32(y) / u32(along)) * ${columns}u + u32(x) / u32(along);
        for (var c = 0u; c < ${channels}u; c++) {
          sums[c] += weight * gradient[base + c * ${plane}u];
        }
      }
    }
  }
  for (var c = 0u; c < ${channels}u; c++) { sums[c] *= ${float(1 / views.views)}; }
  return sums;
}`;
}
