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
  gate: 'ConvlensGate',
  winograd: 'ConvlensWinograd',
} as const;

/** Attributes of the two kernels for convolutions. */
export interface OwnWindow {
  readonly to: readonly [images: number, height: number, width: number, outputs: number];
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly before: readonly [number, number];
  readonly relu: boolean;
}

/** A row as long as the panels; `undefined` for one that is computed. */
function paddedRow(b: Builder, { name, start, size }: Bias): number | undefined {
  const constant = b.constant(name);
  if (!constant) return undefined;
  const data = constant.data as Float32Array;
  return b.literal(`padded ${start} ${name}`, [padded(size)], () =>
    packRow(data.subarray(start, start + size)),
  );
}

function panels(b: Builder, { key, shape, make }: Filters): number {
  const [height, width, inputs, outputs] = shape;
  const depth = height * width * inputs;
  return b.literal(`panels ${key}`, [padded(outputs) / PANEL, depth, PANEL], () =>
    packPanels(make(), depth, outputs),
  );
}

function transformed(b: Builder, { key, shape, make }: Filters): number {
  const [, , inputs, outputs] = shape;
  return b.literal(`winograd ${key}`, [36, padded(outputs) / PANEL, inputs, PANEL], () =>
    winogradFilters(make(), inputs, outputs),
  );
}

/**
 * Emits a convolution by one of Convlens's own kernels.
 *
 * @param b where to emit
 * @param convolution what to compute
 * @returns `[batch, ...to, out]`; `undefined` where filters or bias are computed, not constant
 */
export function emitOwnConvolution(b: Builder, convolution: Convolution): number | undefined {
  const { x, filter, bias, activation, pads, to } = convolution;
  const { strides = [1, 1], dilations = [1, 1] } = convolution;
  if (typeof filter === 'number') return undefined;
  const row = bias && paddedRow(b, bias);
  if (bias && row === undefined) return undefined;
  const [height, width, , outputs] = filter.shape;
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
  if (canWinograd({ from, ...window })) {
    const inputs = { x, filters: transformed(b, filter), ...rows };
    return b.emit(OWN.winograd, inputs, attributes, window.to);
  }
  return b.emit(OWN.convolution, { x, filters: panels(b, filter), ...rows }, attributes, window.to);
}
