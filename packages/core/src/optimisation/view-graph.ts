import type { GraphWriter } from './graph-writer.js';
import type { Sampling } from './sampling.js';
import type { View } from './transforms.js';

/** Numbers of one view as two feeds take them: where it looks, and the way back. */
export function viewNumbers({ xx, xy, x0, yx, yy, y0 }: View): {
  there: readonly number[];
  back: readonly number[];
} {
  const size = xx * yy - xy * yx;
  const [a, b, c, d] = [yy / size, -xy / size, -yx / size, xx / size];
  return {
    there: [xx, xy, x0, yx, yy, y0],
    back: [a, b, -(a * x0 + b * y0), c, d, -(c * x0 + d * y0)],
  };
}

/** Rows x, y and 1 of all pixels, `[3, height * width]`. */
function grid(to: GraphWriter, [height, width]: readonly [number, number]): string {
  const plane = height * width;
  const values = new Float32Array(3 * plane).fill(1);
  for (let i = 0; i < plane; i++) {
    values[i] = i % width;
    values[plane + i] = Math.floor(i / width);
  }
  return to.constant(values, [3, plane]);
}

/** 1 where whole-numbered places `[..., 2 (x, y), n]` lie inside, 0 where not, and the nearest places inside. */
function inside(
  to: GraphWriter,
  places: string,
  [height, width]: readonly [number, number],
): { mask: string; clipped: string } {
  const limit = to.constant([width - 1, height - 1], [2, 1]);
  const over = to.emit('Relu', [to.emit('Sub', [places, limit])]);
  const clipped = to.emit('Relu', [to.emit('Sub', [places, over])]);
  return { mask: tent(to, to.emit('Sub', [places, clipped])), clipped };
}

/** max(0, 1 - |x|). */
function tent(to: GraphWriter, value: string): string {
  return to.emit('Relu', [to.emit('Sub', [to.number(1), to.emit('Abs', [value])])]);
}

/** Sums over axis 1 of rows `[count, channels]`, taken at `places` `[n, k, m]`, times `weights` of that shape: `[n, m, channels]`. */
function gather(
  to: GraphWriter,
  rows: string,
  places: string,
  weights: string,
  [n, k, m, channels]: readonly [number, number, number, number],
): string {
  // INT32: the GPU has no longer integers.
  const whole = to.emit('Cast', [to.reshape(places, [n * k * m])], { to: 6 });
  const taken = to.reshape(to.emit('Gather', [rows, whole], { axis: 0 }), [n, k, m, channels]);
  return to.sum(to.emit('Mul', [taken, to.reshape(weights, [n, k, m, 1])]), [1]);
}

/** Where the rows of each image begin, `[n, 1, 1, 1]`. */
function starts(to: GraphWriter, count: number, rows: number, of: (i: number) => number): string {
  return to.constant(
    Array.from({ length: count }, (_, i) => of(i) * rows),
    [count, 1, 1, 1],
  );
}

/** A value seen by axes: x and y of `[..., 2, n]` apart, in the shapes asked for. */
function axis(
  to: GraphWriter,
  value: string,
  rank: number,
  which: 0 | 1,
  shape: readonly number[],
): string {
  return to.reshape(to.slice(value, rank - 2, which, which + 1), shape);
}

/**
 * What `sample` computes, for views that do not wrap around and take one sample a pixel.
 *
 * @param to receives the nodes
 * @param image name of float32 `[n, C, H * W]`
 * @param there name of float32 `[b, 2, 3]`: the maps of the views, those of a picture together
 * @param sampling sizes
 * @param counts pictures, and views of each
 * @param beyond grey around the image, 0 to 1
 * @returns name of float32 `[b, C, h, w]`
 */
export function writeViews(
  to: GraphWriter,
  image: string,
  there: string,
  { channels, image: size, input, grey }: Sampling,
  { pictures, views }: { readonly pictures: number; readonly views: number },
  beyond: number,
): string {
  const batch = pictures * views;
  const [plane, place] = [size[0] * size[1], input[0] * input[1]];
  const at = to.emit('MatMul', [there, grid(to, input)]);
  const low = to.emit('Floor', [at]);
  const part = to.emit('Sub', [at, low]);
  const corners = (first: string, second: string): string =>
    to.emit(
      'Concat',
      [first, second].map((name) => to.reshape(name, [batch, 1, 2, place])),
      { axis: 1 },
    );
  const one = to.number(1);
  const { mask, clipped } = inside(to, corners(low, to.emit('Add', [low, one])), size);
  const shares = corners(to.emit('Sub', [one, part]), part);
  const weights = to.emit('Mul', [shares, mask]);
  const across = [batch, 1, 2, place];
  const down = [batch, 2, 1, place];
  const weight = to.emit('Mul', [axis(to, weights, 4, 1, down), axis(to, weights, 4, 0, across)]);
  const row = to.emit('Mul', [axis(to, clipped, 4, 1, down), to.number(size[1])]);
  const inPlane = to.emit('Add', [row, axis(to, clipped, 4, 0, across)]);
  const index = to.emit('Add', [inPlane, starts(to, batch, plane, (i) => Math.floor(i / views))]);
  const rows = to.reshape(to.emit('Transpose', [image], { perm: [0, 2, 1] }), [
    pictures * plane,
    channels,
  ]);
  const seen = gather(to, rows, index, weight, [batch, 4, place, channels]);
  // The share of the four neighbours that lie outside.
  const rest = to.emit('Sub', [one, to.sum(to.reshape(weight, [batch, 4, place, 1]), [1])]);
  const around = to.constant(
    Array.from({ length: channels }, (_, c) => grey(c, beyond)),
    [channels],
  );
  const whole = to.emit('Add', [seen, to.emit('Mul', [rest, around])]);
  const turned = to.emit('Transpose', [whole], { perm: [0, 2, 1] });
  return to.reshape(turned, [batch, channels, ...input]);
}

/**
 * The adjoint of `writeViews`, the mean over the views of a picture. Nothing can be added to a place from many sides
 * on a GPU, so each pixel of the image looks for the samples that took from it: they lie around the place to which
 * the view maps it.
 *
 * @param to receives the nodes
 * @param gradient name of float32 `[b, C, h, w]`
 * @param there name of float32 `[b, 2, 3]`: the maps of the views
 * @param back name of float32 `[b, 2, 3]`: their inverses
 * @param sampling sizes
 * @param counts pictures, views of each, and how far samples lie from that place at most
 * @returns name of float32 `[n, C, H * W]`
 */
export function writeViewsAdjoint(
  to: GraphWriter,
  gradient: string,
  there: string,
  back: string,
  { channels, image: size, input }: Sampling,
  {
    pictures,
    views,
    reach,
  }: { readonly pictures: number; readonly views: number; readonly reach: number },
): string {
  const batch = pictures * views;
  const [plane, place] = [size[0] * size[1], input[0] * input[1]];
  const side = 2 * reach + 1;
  const pixels = grid(to, size);
  const centre = to.emit('Floor', [
    to.emit('Add', [to.emit('MatMul', [back, pixels]), to.number(0.5)]),
  ]);
  const offsets = to.constant(
    Array.from({ length: side }, (_, i) => i - reach),
    [side, 1, 1],
  );
  const candidates = to.emit('Add', [to.reshape(centre, [batch, 1, 2, plane]), offsets]);
  const { mask, clipped } = inside(to, candidates, input);
  const across = [batch, 1, side, 1, plane];
  const down = [batch, side, 1, 1, plane];
  const [x, y] = [axis(to, clipped, 4, 0, across), axis(to, clipped, 4, 1, down)];
  const column = (k: number): string =>
    to.reshape(to.slice(there, 2, k, k + 1), [batch, 1, 1, 2, 1]);
  const turned = to.emit('Add', [to.emit('Mul', [column(0), x]), to.emit('Mul', [column(1), y])]);
  const sampled = to.emit('Add', [turned, column(2)]);
  const apart = tent(to, to.emit('Sub', [sampled, to.slice(pixels, 0, 0, 2)]));
  const shape = [batch, side, side, 1, plane];
  const near = to.emit('Mul', [axis(to, apart, 5, 0, shape), axis(to, apart, 5, 1, shape)]);
  const both = to.emit('Mul', [axis(to, mask, 4, 0, across), axis(to, mask, 4, 1, down)]);
  const weight = to.reshape(to.emit('Mul', [near, both]), [batch, side, side, plane]);
  const row = to.emit('Mul', [y, to.number(input[1])]);
  const inPlane = to.reshape(to.emit('Add', [row, x]), [batch, side, side, plane]);
  const index = to.emit('Add', [inPlane, starts(to, batch, place, (i) => i)]);
  const flat = to.reshape(gradient, [batch, channels, place]);
  const rows = to.reshape(to.emit('Transpose', [flat], { perm: [0, 2, 1] }), [
    batch * place,
    channels,
  ]);
  const all = gather(to, rows, index, weight, [batch, side * side, plane, channels]);
  const perPicture = to.sum(to.reshape(all, [pictures, views, plane, channels]), [1]);
  const mean = to.emit('Mul', [perPicture, to.number(1 / views)]);
  return to.emit('Transpose', [mean], { perm: [0, 2, 1] });
}
