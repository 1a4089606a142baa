import type { Builder } from '../builder.js';
import { emitOwnConvolution } from './own-kernels.js';

/** Filters whose numbers are known: each kernel lays them out as it reads them. */
export interface Filters {
  /** The same for the same numbers. */
  readonly key: string;
  /** `[height, width, in, out]`, of depthwise ones `[height, width, in, multiple]` */
  readonly shape: readonly [number, number, number, number];
  readonly make: () => Float32Array;
}

/** What a convolution kernel does to its sums. */
export type Activation = 'linear' | 'relu';

/** A summand for each output. */
export interface Bias {
  /** A value of the graph. */
  readonly name: string;
  /** The first of its numbers. */
  readonly start: number;
  readonly size: number;
}

/** A convolution of one group over images with the channels last. */
export interface Convolution {
  /** `[batch, height, width, in]` */
  readonly x: number;
  /** Known ones, or the register of computed ones: `[height, width, in, out]`. */
  readonly filter: Filters | number;
  /** `[out]`: the name of a value of the graph, and which part of it. */
  readonly bias?: Bias | undefined;
  readonly activation?: Activation;
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  /** Rows above and below, columns left and right. */
  readonly pads: readonly [readonly [number, number], readonly [number, number]];
  /** Extents of the result's images. */
  readonly to: readonly number[];
}

/**
 * Emits a convolution.
 *
 * @param b where to emit
 * @param convolution what to compute
 * @param kernel that of one group, or the depthwise one, whose filters are `[height, width, in, multiple]`
 * @returns `[batch, ...to, out]`
 */
export function emitConvolution(
  b: Builder,
  convolution: Convolution,
  kernel: 'FusedConv2D' | 'FusedDepthwiseConv2D' = 'FusedConv2D',
): number {
  if (kernel === 'FusedConv2D' && b.traits.ownKernels) return emitOwnConvolution(b, convolution);
  const { x, bias, activation = 'linear', pads, to } = convolution;
  const { strides = [1, 1], dilations = [1, 1] } = convolution;
  const filter = registerOf(b, convolution.filter);
  const [, , inputs, outputs] = b.extents(filter) as [number, number, number, number];
  if (strides.some((n) => n > 1) && dilations.some((n) => n > 1)) {
    throw b.refusal('its kernels take strides or dilations, not both.');
  }
  const attributes = {
    strides,
    pad: [[0, 0], ...pads, [0, 0]],
    dataFormat: 'NHWC',
    dilations,
    dimRoundingMode: 'floor',
    activation,
  };
  const channels = kernel === 'FusedConv2D' ? outputs : inputs * outputs;
  const shape = [b.extents(x)[0]!, ...to, channels];
  const summand = bias && { bias: b.slice(b.plain(bias.name), [bias.start], [bias.size]) };
  return b.emit(kernel, { x, filter, ...summand }, attributes, shape);
}

function registerOf(b: Builder, filter: Filters | number): number {
  return typeof filter === 'number' ? filter : b.literal(filter.key, filter.shape, filter.make);
}

/**
 * The channels of some group.
 *
 * @param b where to emit
 * @param x `[batch, height, width, channels]`
 * @param start first channel
 * @param size number of channels
 */
export function channelsOf(b: Builder, x: number, start: number, size: number): number {
  const [n, h, w] = b.extents(x) as [number, number, number, number];
  return b.slice(x, [0, 0, 0, start], [n, h, w, size]);
}
