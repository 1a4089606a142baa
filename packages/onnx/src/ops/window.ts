import { intsAttribute, stringAttribute } from '../attributes.js';
import { addDims, multiplyDims, roundedQuotient } from '../dims.js';
import type { Dim } from '../graph.js';
import { fail, int, show, type Call } from './rule.js';

/** What a convolution or a pooling does along each spatial axis. */
export interface Window {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** All begins, then all ends. */
  readonly pads: readonly number[];
  readonly autoPad: string;
}

/**
 * The attributes that convolutions and poolings share.
 *
 * @param call the node
 * @param axes number of spatial axes
 * @throws LensError `E_ONNX_INVALID` when a list is not of that length
 */
export function windowOf(call: Call, axes: number): Window {
  const get = (name: string, length: number, fallback: number): readonly number[] => {
    const found =
      intsAttribute(call.node, name, undefined) ?? new Array<number>(length).fill(fallback);
    if (found.length === length) return found;
    return fail(
      call,
      `the attribute ${name} must have ${length} numbers for ${axes} spatial axes, but is ${show(found)}.`,
      'E_ONNX_INVALID',
    );
  };
  return {
    strides: get('strides', axes, 1),
    dilations: get('dilations', axes, 1),
    pads: get('pads', 2 * axes, 0),
    autoPad: stringAttribute(call.node, 'auto_pad', 'NOTSET'),
  };
}

/**
 * The spatial extents of a convolution's or a pooling's output.
 *
 * @param call the node
 * @param size the input's spatial extents
 * @param kernel the window's extents
 * @throws LensError `E_SHAPE` when the window does not fit the padded input
 * @see https://onnx.ai/onnx/operators/onnx__MaxPool.html for the formulas
 */
export function slide(call: Call, size: readonly Dim[], kernel: readonly number[]): Dim[] {
  const { strides, dilations, pads, autoPad } = windowOf(call, kernel.length);
  const ceil = int(call, 'ceil_mode', 0) === 1;
  return kernel.map((extent, i) => {
    const dim = size[i]!;
    const stride = strides[i]!;
    if (autoPad.startsWith('SAME')) return roundedQuotient(dim, stride, 'ceil');
    const reach = dilations[i]! * (extent - 1) + 1;
    const begin = autoPad === 'VALID' ? 0 : pads[i]!;
    const padding = autoPad === 'VALID' ? 0 : begin + pads[i + kernel.length]!;
    const room = addDims(dim, padding - reach);
    if (typeof room === 'number' && room < 0) {
      fail(
        call,
        `the window of ${reach} does not fit an input of ${dim} with padding ${padding} (spatial axis ${i}); the input must be at least ${reach - padding}.`,
      );
    }
    let out = addDims(roundedQuotient(room, stride, ceil ? 'ceil' : 'floor'), 1);
    // A window that would begin in the end padding is left out, as every runtime does.
    if (
      ceil &&
      typeof out === 'number' &&
      typeof dim === 'number' &&
      (out - 1) * stride >= dim + begin
    ) {
      out--;
    }
    return out;
  });
}

/**
 * The spatial extents of a transposed convolution's output.
 *
 * @param call the node
 * @param size the input's spatial extents
 * @param kernel the kernel's extents
 * @throws LensError `E_OP_UNSUPPORTED` for an automatic padding that runtimes understand differently
 * @see https://onnx.ai/onnx/operators/onnx__ConvTranspose.html for the formulas
 */
export function slideBack(call: Call, size: readonly Dim[], kernel: readonly number[]): Dim[] {
  const { strides, dilations, pads, autoPad } = windowOf(call, kernel.length);
  const fixed = intsAttribute(call.node, 'output_shape', undefined)?.slice(-kernel.length);
  if (fixed) return [...fixed];
  const extra = intsAttribute(call.node, 'output_padding', undefined);
  return kernel.map((extent, i) => {
    const stride = strides[i]!;
    const spread = multiplyDims([size[i]!, stride]);
    const reach = dilations[i]! * (extent - 1) + 1;
    if (autoPad.startsWith('SAME')) {
      // ORT makes the output smaller then, where ONNX wants stride times as many.
      if (reach + (extra?.[i] ?? 0) < stride) {
        fail(
          call,
          `auto_pad ${autoPad} cannot fill strides of ${stride} with a kernel of ${reach} (spatial axis ${i}); give it pads.`,
          'E_OP_UNSUPPORTED',
        );
      }
      return spread;
    }
    const padding = autoPad === 'VALID' ? 0 : pads[i]! + pads[i + kernel.length]!;
    return addDims(spread, reach - stride + (extra?.[i] ?? 0) - padding);
  });
}
