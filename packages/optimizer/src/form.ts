import type { ConvolutionShape } from './convolution.js';

/**
 * Which factor stands first in the matrix products of a rewritten convolution: `filters-first` is
 * `[outputs, inputs] x [inputs, tiles]`, `tiles-first` is `[tiles, inputs] x [inputs, outputs]`. Matrix products work on
 * whole groups of columns, so with few tiles the second wastes less.
 */
export type Order = 'filters-first' | 'tiles-first';

/** Winograd's minimal filtering F(tile x tile, kernel). */
export interface Winograd {
  readonly kind: 'winograd';
  /** Rows and columns of the output that are computed together. */
  readonly tile: number;
  readonly order: Order;
}

/** A matrix product of positions and filters, for 1 x 1 kernels. */
export interface Product {
  readonly kind: 'product';
}

/** How a convolution is computed: as it stands in the graph, or rewritten. */
export type Form = { readonly kind: 'direct' } | Winograd | Product;

/** The form that leaves a node alone. */
export const DIRECT: Form = { kind: 'direct' };

const ORDERS: readonly Order[] = ['filters-first', 'tiles-first'];

/** Tiles whose error stays near that of float32 itself, by kernel. */
const TILES: Readonly<Record<number, readonly number[]>> = { 3: [2, 4], 5: [2] };

/**
 * All forms that a convolution can take, direct first. A tuner times these.
 *
 * @param shape the convolution's extents
 */
export function formsOf(shape: ConvolutionShape): readonly Form[] {
  const { kernel, strides, dilations, padded } = shape;
  const [taps, width] = kernel;
  if (taps === 1 && width === 1) return padded ? [DIRECT] : [DIRECT, { kind: 'product' }];
  if (taps !== width || [...strides, ...dilations].some((n) => n !== 1)) return [DIRECT];
  const tiles = TILES[taps] ?? [];
  return [
    DIRECT,
    ...tiles.flatMap((tile) => ORDERS.map((order): Form => ({ kind: 'winograd', tile, order }))),
  ];
}
