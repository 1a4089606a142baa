import type { TensorData } from '@convlens/onnx';
import type { GraphBuilder } from '@convlens/onnx';
import { overhang, windowAttributes, type Geometry } from './geometry.js';
import { reshape, transpose, window } from './shaping.js';

/** Flipped filters by filters, so that all gradients of a network share them. */
const flipped = new WeakMap<TensorData, Map<number, TensorData>>();

/**
 * Filters for the convolution that is the adjoint of another: reversed along the spatial axes, input and output
 * channels exchanged within each group.
 *
 * @param weights `[out, in / groups, ...kernel]`
 * @param groups number of groups
 * @returns `[in, out / groups, ...kernel]`
 */
function flipFilters(weights: TensorData, groups: number): TensorData {
  const known = flipped.get(weights)?.get(groups);
  if (known) return known;
  const [outputs, inputs, ...kernel] = weights.shape as [number, number, ...number[]];
  const taps = kernel.reduce((count, extent) => count * extent, 1);
  const perGroup = outputs / groups;
  const source = weights.data as Float32Array;
  const data = new (source.constructor as Float32ArrayConstructor)(source.length);
  for (let group = 0, at = 0; group < groups; group++) {
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < perGroup; output++) {
        const last = ((group * perGroup + output) * inputs + input + 1) * taps - 1;
        for (let tap = 0; tap < taps; tap++) data[at++] = source[last - tap]!;
      }
    }
  }
  const result = { ...weights, shape: [inputs * groups, perGroup, ...kernel], data } as TensorData;
  const byGroups = flipped.get(weights) ?? new Map<number, TensorData>();
  flipped.set(weights, byGroups.set(groups, result));
  return result;
}

/**
 * The adjoint of a convolution without bias: puts back what the windows took.
 *
 * With stride 1 and constant filters this is a convolution with flipped filters, which runtimes compute faster than a
 * ConvTranspose: dx = dy * flip(w), padded by d (k - 1) - p.
 *
 * @param b where to emit
 * @param dy `[batch, out, ...to]`
 * @param weights `[out, in / groups, ...kernel]`
 * @param geometry how the window moved
 * @param groups number of groups
 * @returns `[batch, in, ...from]`
 * @see Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016, sections 4.2 to 4.6
 */
export function spread(
  b: GraphBuilder,
  dy: string,
  weights: string,
  geometry: Geometry,
  groups: number,
): string {
  const { kernel, strides, dilations, before } = geometry;
  const behind = overhang(geometry);
  const front = kernel.map((extent, axis) => dilations[axis]! * (extent - 1) - before[axis]!);
  const back = kernel.map((extent, axis) => dilations[axis]! * (extent - 1) - behind[axis]!);
  const constant = b.elements(weights);
  // Filters that are computed are not turned round: as it stands ONNX Runtime takes half the time for it.
  if (constant && strides.every((n) => n === 1) && [...front, ...back].every((n) => n >= 0)) {
    const filters = b.constant(
      flipFilters(constant, groups),
      `${weights}_flipped`,
      `flip ${groups} ${weights}`,
    );
    return b.emit('Conv', [dy, filters], {
      dilations: dilations,
      group: groups,
      kernel_shape: kernel,
      pads: [...front, ...back],
      strides: strides,
    });
  }
  return b.emit('ConvTranspose', [dy, weights], {
    dilations: dilations,
    group: groups,
    kernel_shape: kernel,
    output_padding: behind.map((n) => Math.max(-n, 0)),
    pads: [...before, ...behind.map((n) => Math.max(n, 0))],
    strides: strides,
  });
}

/**
 * A convolution without bias that gives exactly `to` positions.
 *
 * @param b where to emit
 * @param x `[batch, in, ...from]`
 * @param weights `[out, in / groups, ...kernel]`
 * @param geometry how the window moves
 * @param groups number of groups
 * @returns `[batch, out, ...to]`
 */
export function convolve(
  b: GraphBuilder,
  x: string,
  weights: string,
  geometry: Geometry,
  groups: number,
): string {
  const { to } = geometry;
  const attributes = { ...windowAttributes(geometry), group: groups };
  const y = b.emit('Conv', [x, weights], attributes);
  // Where the windows stop more than a stride short of the end, the operator goes on.
  return window(b, y, [0, 0, ...to.map(() => 0)], [...b.shape(y).slice(0, 2), ...to]);
}

/**
 * The gradient of a convolution's filters: a convolution of the input with the cotangent as filters. Batch and
 * channels exchange their roles, stride and dilation too:
 * dw[o, i, t] = sum over n, q of dy[n, o, q] x[n, i, s q + d t - p].
 *
 * @param b where to emit
 * @param x what the window moved over: `[batch, in, ...from]`
 * @param dy `[batch, out, ...to]`
 * @param geometry how the window moved
 * @param groups number of groups
 * @returns `[out, in / groups, ...kernel]`
 */
export function filterGradient(
  b: GraphBuilder,
  x: string,
  dy: string,
  geometry: Geometry,
  groups: number,
): string {
  const [batch, inputs, ...from] = b.shape(x) as [number, number, ...number[]];
  const outputs = b.shape(dy)[1]!;
  const perGroup = inputs / groups;
  const spatial = from.map((_, axis) => axis);
  const swap = [1, 0, ...spatial.map((axis) => axis + 2)];
  // Each group's channels side by side as images, the batch as channels: [in / groups, groups * batch, ...from].
  const grouped = (): string => {
    const apart = reshape(b, x, [batch, groups, perGroup, ...from]);
    const turned = transpose(b, apart, [2, 1, 0, ...spatial.map((axis) => axis + 3)]);
    return reshape(b, turned, [perGroup, groups * batch, ...from]);
  };
  const images = groups === 1 ? transpose(b, x, swap) : grouped();
  const swapped: Geometry = {
    kernel: geometry.to,
    strides: geometry.dilations,
    dilations: geometry.strides,
    before: geometry.before,
    from,
    to: geometry.kernel,
  };
  const result = convolve(b, images, transpose(b, dy, swap), swapped, groups);
  return reshape(b, transpose(b, result, swap), [outputs, perGroup, ...geometry.kernel]);
}
