import {
  canWinograd,
  packPanels,
  packRow,
  padded,
  PANEL,
  winogradFilters,
} from '@convlens/kernels';
import type { Builder } from '../builder.js';
import type { Bias, Convolution, Filters } from './emit-convolution.js';

/** Names under which Convlens's own kernels are registered in TensorFlow.js. */
export const OWN = {
  convolution: 'ConvlensConvolution',
  filterGradient: 'ConvlensFilterGradient',
  gate: 'ConvlensGate',
  pack: 'ConvlensPack',
  poolGradient: 'ConvlensPoolGradient',
  sumRows: 'ConvlensSumRows',
  transformFilters: 'ConvlensTransformFilters',
  winograd: 'ConvlensWinograd',
} as const;

/** Attributes of the derivative of max-pooling. */
export interface OwnPool {
  readonly kernel: readonly [number, number];
  readonly before: readonly [number, number];
}

/** Attributes of the kernels for convolutions. */
export interface OwnWindow {
  readonly to: readonly [images: number, height: number, width: number, outputs: number];
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly before: readonly [number, number];
  readonly relu: boolean;
}

/** A row as long as the panels. */
function paddedRow(b: Builder, { name, start, size }: Bias): number {
  const constant = b.constant(name);
  if (!constant) {
    return b.pad(b.slice(b.plain(name), [start], [size]), [[0, padded(size) - size]]);
  }
  const data = constant.data as Float32Array;
  return b.literal(`padded ${start} ${name}`, [padded(size)], () =>
    packRow(data.subarray(start, start + size)),
  );
}

/** Extents of filters, known or computed. */
function extentsOf(b: Builder, filter: Filters | number): Filters['shape'] {
  return typeof filter === 'number' ? (b.extents(filter) as Filters['shape']) : filter.shape;
}

function panels(b: Builder, filter: Filters | number): number {
  const [height, width, inputs, outputs] = extentsOf(b, filter);
  const depth = height * width * inputs;
  const shape = [padded(outputs) / PANEL, depth, PANEL];
  if (typeof filter === 'number') return b.emit(OWN.pack, { filters: filter }, { shape }, shape);
  const { key, make } = filter;
  return b.literal(`panels ${key}`, shape, () => packPanels(make(), depth, outputs));
}

function transformed(b: Builder, filter: Filters | number): number {
  const [, , inputs, outputs] = extentsOf(b, filter);
  const shape = [36, padded(outputs) / PANEL, inputs, PANEL];
  if (typeof filter === 'number') {
    return b.emit(OWN.transformFilters, { filters: filter }, { shape }, shape);
  }
  const { key, make } = filter;
  return b.literal(`winograd ${key}`, shape, () => winogradFilters(make(), inputs, outputs));
}

/**
 * Emits a convolution by one of Convlens's own kernels. Computed filters are laid out, and transformed, in every run.
 *
 * @param b where to emit
 * @param convolution what to compute
 * @returns `[batch, ...to, out]`
 */
export function emitOwnConvolution(b: Builder, convolution: Convolution): number {
  const { x, filter, bias, activation, pads, to } = convolution;
  const { strides = [1, 1], dilations = [1, 1] } = convolution;
  const row = bias && paddedRow(b, bias);
  const [height, width, , outputs] = extentsOf(b, filter);
  const from = b.extents(x) as OwnWindow['to'];
  const window: OwnWindow = {
    to: [from[0], to[0]!, to[1]!, outputs],
    kernel: [height, width],
    strides: strides as [number, number],
    dilations: dilations as [number, number],
    before: [pads[0][0], pads[1][0]],
    relu: activation === 'relu',
  };
  const rows = row === undefined ? {} : { bias: row };
  const attributes = { ...window };
  if (b.traits.winograd && canWinograd({ from, ...window })) {
    const inputs = { x, filters: transformed(b, filter), ...rows };
    return b.emit(OWN.winograd, inputs, attributes, window.to);
  }
  return b.emit(OWN.convolution, { x, filters: panels(b, filter), ...rows }, attributes, window.to);
}
