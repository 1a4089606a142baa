import type { Builder } from '../builder.js';

/** What a convolution kernel does to its sums. */
export type Activation = 'linear' | 'relu';

/** A convolution of one group over images with the channels last. */
export interface Convolution {
  /** `[batch, height, width, in]` */
  readonly x: number;
  /** `[height, width, in, out]` */
  readonly filter: number;
  /** `[out]` */
  readonly bias?: number | undefined;
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
  const { x, filter, bias, activation = 'linear', pads, to } = convolution;
  const { strides = [1, 1], dilations = [1, 1] } = convolution;
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
  return b.emit(kernel, { x, filter, ...(bias === undefined ? {} : { bias }) }, attributes, shape);
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
