import type { Convolution } from './convolution.js';
import { transforms } from './cook-toom.js';
import type { Winograd } from './form.js';
import { transformFilters } from './transform-filters.js';
import type { Writer } from './writer.js';

/**
 * Writes a convolution of stride 1 as Winograd's minimal filtering F(tile x tile, kernel): pieces of the input are
 * transformed, multiplied with transformed filters (one matrix product a point), and transformed back.
 *
 * The transforms act along rows and columns one after the other. On the way in, each is a strided convolution with
 * constant kernels, every channel an image of its own, so that the runtime takes the overlapping pieces apart and pads
 * them; on the way out, each is a matrix product, and DepthToSpace puts the tiles side by side. The filters are
 * transformed here, in float64, and rounded once.
 *
 * @param writer where to emit
 * @param convolution of stride 1 and dilation 1 with a square kernel
 * @param form tile and order
 * @returns name of the result, the output of the node that was emitted last
 * @see Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016, section 4
 */
export function emitWinograd(writer: Writer, convolution: Convolution, form: Winograd): string {
  const { shape, before, weights, bias, openBatch } = convolution;
  const { inputs, outputs, from, to } = shape;
  const { tile, order } = form;
  const taps = shape.kernel[0];
  const { points, input, filter, inverse } = transforms(tile, taps);
  const batch = openBatch ? -1 : shape.batch;
  const [rows, columns] = to.map((extent) => Math.ceil(extent / tile)) as [number, number];
  // The last tiles may reach beyond the output: what is computed there from more padding is cut off at the end.
  const wide = columns * tile + taps - 1;
  const after = [rows * tile + taps - 1, wide].map((n, axis) => n - from[axis]! - before[axis]!);
  const tiles = rows * columns;
  const square = points ** 2;

  const images = writer.reshape(convolution.node.inputs[0]!, [-1, 1, ...from]);
  const down = writer.emit('Conv', [images, writer.shared(input, [points, 1, points, 1])], {
    kernel_shape: [points, 1],
    pads: [...before, ...after],
    strides: [tile, 1],
  });
  const lines = writer.reshape(down, [-1, 1, rows, wide]);
  const pieces = writer.emit('Conv', [lines, writer.shared(input, [points, 1, 1, points])], {
    kernel_shape: [1, points],
    strides: [1, tile],
  });

  const kernels = transformFilters(weights, filter, order);
  const filters = (...extents: number[]): string =>
    writer.constant(kernels, [square, ...extents], 'filters');
  const spread = order === 'filters-first' ? byFilters : byTiles;
  const products = spread(writer, pieces, filters, {
    batch,
    inputs,
    outputs,
    points: square,
    tiles,
  });

  const transform = writer.shared(inverse, [tile, points]);
  const back = (value: string, lead: readonly number[]): string =>
    writer.emit('MatMul', [transform, writer.reshape(value, [...lead, points, -1])]);
  const results = back(back(products, []), [tile]);
  const depth = order === 'filters-first' ? planesOfFilters : planesOfTiles;
  const planes = depth(writer, results, { batch, outputs, offsets: tile ** 2, tiles });
  let result = writer.emit(
    'DepthToSpace',
    [writer.reshape(planes, [batch, outputs * tile ** 2, rows, columns])],
    { blocksize: tile, mode: order === 'filters-first' ? 'DCR' : 'CRD' },
  );
  const [height, width] = to;
  if (rows * tile !== height || columns * tile !== width) {
    const bounds = [[0, 0], to, [2, 3]].map((list) => writer.integers(list));
    result = writer.emit('Slice', [result, ...bounds]);
  }
  if (!bias) return result;
  return writer.emit('Add', [result, writer.constant(bias.data, [outputs, 1, 1], 'bias')]);
}

interface Products {
  /** -1 where it is open. */
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly points: number;
  readonly tiles: number;
}

type Filters = (...extents: number[]) => string;

/** From `[batch * inputs * ...points, tiles]` to `[points, outputs, batch * tiles]`: filters times tiles. */
function byFilters(writer: Writer, pieces: string, filters: Filters, sizes: Products): string {
  const { batch, inputs, outputs, points, tiles } = sizes;
  const apart = writer.reshape(pieces, [batch, inputs, points, tiles]);
  const turned = writer.emit('Transpose', [apart], { perm: [2, 1, 0, 3] });
  const columns = writer.reshape(turned, [points, inputs, -1]);
  return writer.emit('MatMul', [filters(outputs, inputs), columns]);
}

/** From `[batch * inputs * ...points, tiles]` to `[points, batch * tiles, outputs]`: tiles times filters. */
function byTiles(writer: Writer, pieces: string, filters: Filters, sizes: Products): string {
  const { batch, inputs, outputs, points, tiles } = sizes;
  const apart = writer.reshape(pieces, [batch, inputs, points * tiles]);
  let turned = writer.emit('Transpose', [apart], { perm: [0, 2, 1] });
  if (batch !== 1) {
    // Two steps, of which the second moves whole tiles: much faster than moving single numbers.
    const images = writer.reshape(turned, [batch, points, tiles * inputs]);
    turned = writer.emit('Transpose', [images], { perm: [1, 0, 2] });
  }
  const rows = writer.reshape(turned, [points, -1, inputs]);
  return writer.emit('MatMul', [rows, filters(inputs, outputs)]);
}

interface Planes {
  readonly batch: number;
  readonly outputs: number;
  readonly offsets: number;
  readonly tiles: number;
}

/** From `[...offsets, outputs * batch * tiles]` to `[batch, offsets, outputs, tiles]`. */
function planesOfFilters(writer: Writer, results: string, sizes: Planes): string {
  const { batch, outputs, offsets, tiles } = sizes;
  if (batch === 1) return results;
  const apart = writer.reshape(results, [offsets, outputs, batch, tiles]);
  return writer.emit('Transpose', [apart], { perm: [2, 0, 1, 3] });
}

/** From `[...offsets, batch * tiles * outputs]` to `[batch, outputs, offsets, tiles]`. */
function planesOfTiles(writer: Writer, results: string, sizes: Planes): string {
  const { batch, outputs, offsets, tiles } = sizes;
  let images = results;
  if (batch !== 1) {
    const apart = writer.reshape(results, [offsets, batch, tiles * outputs]);
    images = writer.emit('Transpose', [apart], { perm: [1, 0, 2] });
  }
  const rows = writer.reshape(images, [batch, offsets * tiles, outputs]);
  return writer.emit('Transpose', [rows], { perm: [0, 2, 1] });
}
