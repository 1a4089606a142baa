import { float32, type GraphBuilder } from '@convlens/onnx';
import type { Convolution } from './convolution.js';
import { transforms, type Matrix, type Transforms } from './cook-toom.js';
import type { Order, Winograd } from './form.js';
import { transformFilters } from './transform-filters.js';

/**
 * Elements in Winograd's domain that are worked on at a time. More are cut into bands of rows: what is between the steps
 * then stays in the cache, and does not take several times the memory of the layer itself.
 */
const BAND = 2 ** 20;

/**
 * Writes a convolution of stride 1 as Winograd's minimal filtering F(tile x tile, kernel): pieces of the input are
 * transformed, multiplied with transformed filters (one matrix product a point), and transformed back.
 *
 * The transforms act along rows and columns one after the other. On the way in, each is a strided convolution with
 * constant kernels, every channel an image of its own, so that the runtime takes the overlapping pieces apart and pads
 * them; on the way out, each is a matrix product, and DepthToSpace puts the tiles side by side. The filters are
 * transformed here, in float64, and rounded once.
 *
 * @param b where to emit
 * @param convolution of stride 1 and dilation 1 with a square kernel
 * @param form tile and order
 * @returns name of the result, the output of the node that was emitted last
 * @see Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016, section 4
 */
export function emitWinograd(b: GraphBuilder, convolution: Convolution, form: Winograd): string {
  const { node, shape, before, weights, bias, openBatch } = convolution;
  const { inputs, outputs, kernel } = shape;
  const { tile, order } = form;
  const [height, width] = shape.from;
  const [rows, columns] = shape.to;
  const matrices = transforms(tile, kernel[0]);
  const { points } = matrices;
  const extents = order === 'filters-first' ? [outputs, inputs] : [inputs, outputs];
  const filters = b.constant(
    float32(transformFilters(weights, matrices.filter, order), [points ** 2, ...extents]),
    `${b.scope}/filters`,
  );
  const layer: Layer = {
    ...{ batch: openBatch ? -1 : shape.batch, inputs, outputs, filters },
    ...{ tile, taps: kernel[0], order, matrices },
  };
  const lines = Math.ceil(rows / tile);
  const line = points ** 2 * Math.max(inputs, outputs) * Math.ceil(columns / tile) * shape.batch;
  const below = rows + kernel[0] - 1 - height - before[0];
  // With padding wider than the kernel a band could lie in it altogether.
  const cuttable = Math.max(before[0], below) < kernel[0];
  const step = Math.ceil(lines / (cuttable ? Math.ceil((lines * line) / BAND) : 1)) * tile;
  const bands: string[] = [];
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    // The last tiles may reach beyond the output: what is computed there is cut off at the end.
    const [first, end] = [row, row + Math.ceil(count / tile) * tile + kernel[0] - 1].map(
      (position) => position - before[0],
    ) as [number, number];
    const [from, to] = [Math.max(first, 0), Math.min(end, height)];
    let x = node.inputs[0]!;
    if (to - from < height) {
      x = b.emit('Slice', [x], { starts: [from], ends: [to], axes: [2] });
    }
    const size = [to - from, width] as const;
    bands.push(emitBand(b, layer, x, size, [from - first, before[1]], [count, columns]));
  }
  const result = bands.length === 1 ? bands[0]! : b.emit('Concat', bands, { axis: 2 });
  if (!bias) return result;
  return b.emit('Add', [
    result,
    b.constant(float32(bias.data, [outputs, 1, 1]), `${b.scope}/bias`),
  ]);
}

/** A value in another shape; -1 where the extent follows from the others. */
function reshape(b: GraphBuilder, x: string, shape: readonly number[]): string {
  return b.emit('Reshape', [x], { shape });
}

/** A small matrix that all convolutions share. */
function matrix(b: GraphBuilder, rows: Matrix, shape: readonly number[]): string {
  const data = Float32Array.from(rows.flat());
  return b.constant(float32(data, shape), `transform_${shape.join('x')}`);
}

/** What all bands of a convolution have in common. */
interface Layer {
  /** -1 where it is open. */
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly filters: string;
  readonly tile: number;
  readonly taps: number;
  readonly order: Order;
  readonly matrices: Transforms;
}

type Pair = readonly [vertical: number, horizontal: number];

/** A convolution without bias of `size` rows and columns, with padding `before` them, to `to` rows and columns. */
function emitBand(
  b: GraphBuilder,
  layer: Layer,
  x: string,
  size: Pair,
  before: Pair,
  to: Pair,
): string {
  const { batch, outputs, tile, taps, order, matrices } = layer;
  const { points, input, inverse } = matrices;
  const [rows, columns] = to.map((extent) => Math.ceil(extent / tile)) as [number, number];
  const wide = columns * tile + taps - 1;
  const after = [rows * tile + taps - 1, wide].map((n, axis) => n - size[axis]! - before[axis]!);
  const sizes: Sizes = { ...layer, points: points ** 2, offsets: tile ** 2, tiles: rows * columns };

  const images = reshape(b, x, [-1, 1, ...size]);
  const down = b.emit('Conv', [images, matrix(b, input, [points, 1, points, 1])], {
    kernel_shape: [points, 1],
    pads: [...before, ...after],
    strides: [tile, 1],
  });
  const lines = reshape(b, down, [-1, 1, rows, wide]);
  const pieces = b.emit('Conv', [lines, matrix(b, input, [points, 1, 1, points])], {
    kernel_shape: [1, points],
    strides: [1, tile],
  });
  const filtersFirst = order === 'filters-first';
  const products = (filtersFirst ? byFilters : byTiles)(b, pieces, layer.filters, sizes);
  const transform = matrix(b, inverse, [tile, points]);
  const back = (value: string, lead: readonly number[]): string =>
    b.emit('MatMul', [transform, reshape(b, value, [...lead, points, -1])]);
  const results = back(back(products, []), [tile]);
  const planes = (filtersFirst ? planesOfFilters : planesOfTiles)(b, results, sizes);
  const result = b.emit(
    'DepthToSpace',
    [reshape(b, planes, [batch, outputs * tile ** 2, rows, columns])],
    { blocksize: tile, mode: filtersFirst ? 'DCR' : 'CRD' },
  );
  if (rows * tile === to[0] && columns * tile === to[1]) return result;
  return b.emit('Slice', [result], { starts: [0, 0], ends: to, axes: [2, 3] });
}

interface Sizes {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  /** In both directions together. */
  readonly points: number;
  readonly offsets: number;
  readonly tiles: number;
}
/** From `[batch * inputs * ...points, tiles]` to `[points, outputs, batch * tiles]`: filters times tiles. */
function byFilters(b: GraphBuilder, pieces: string, filters: string, sizes: Sizes): string {
  const { batch, inputs, points, tiles } = sizes;
  const apart = reshape(b, pieces, [batch, inputs, points, tiles]);
  const turned = b.emit('Transpose', [apart], { perm: [2, 1, 0, 3] });
  const columns = reshape(b, turned, [points, inputs, -1]);
  return b.emit('MatMul', [filters, columns]);
}

/** From `[batch * inputs * ...points, tiles]` to `[points, batch * tiles, outputs]`: tiles times filters. */
function byTiles(b: GraphBuilder, pieces: string, filters: string, sizes: Sizes): string {
  const { batch, inputs, points, tiles } = sizes;
  const apart = reshape(b, pieces, [batch, inputs, points * tiles]);
  let turned = b.emit('Transpose', [apart], { perm: [0, 2, 1] });
  if (batch !== 1) {
    // Two steps, of which the second moves whole tiles: much faster than moving single numbers.
    const images = reshape(b, turned, [batch, points, tiles * inputs]);
    turned = b.emit('Transpose', [images], { perm: [1, 0, 2] });
  }
  const rows = reshape(b, turned, [points, -1, inputs]);
  return b.emit('MatMul', [rows, filters]);
}

/** From `[...offsets, outputs * batch * tiles]` to `[batch, offsets, outputs, tiles]`. */
function planesOfFilters(b: GraphBuilder, results: string, sizes: Sizes): string {
  const { batch, outputs, offsets, tiles } = sizes;
  if (batch === 1) return results;
  const apart = reshape(b, results, [offsets, outputs, batch, tiles]);
  return b.emit('Transpose', [apart], { perm: [2, 0, 1, 3] });
}

/** From `[...offsets, batch * tiles * outputs]` to `[batch, outputs, offsets, tiles]`. */
function planesOfTiles(b: GraphBuilder, results: string, sizes: Sizes): string {
  const { batch, outputs, offsets, tiles } = sizes;
  let images = results;
  if (batch !== 1) {
    const apart = reshape(b, results, [offsets, batch, tiles * outputs]);
    images = b.emit('Transpose', [apart], { perm: [1, 0, 2] });
  }
  const rows = reshape(b, images, [batch, offsets * tiles, outputs]);
  return b.emit('Transpose', [rows], { perm: [0, 2, 1] });
}
