import { geometryOf, overhang, type Geometry } from '@convlens/autodiff';
import { intAttribute, type Node, type TensorData } from '@convlens/onnx';
import type { Builder } from '../builder.js';
import { permute, transposed } from '../layout.js';
import {
  channelsOf,
  emitConvolution,
  type Activation,
  type Bias,
  type Convolution,
  type Filters,
} from './emit-convolution.js';
import type { Lowering, Lowerings } from './lowering.js';
import { transposeConvolution } from './transposed-convolution.js';

/** Brings filters `[out, in, height, width]` to `[height, width, in, out]`. */
const FILTERS_LAST: readonly number[] = [2, 3, 1, 0];

type Extents = [number, number, number, number];

function filtersOf(b: Builder, name: string, from: number, count: number): Filters | number {
  const shape = b.shape(name);
  const [outputs] = shape as [number];
  const constant = b.constant(name) as TensorData<'float32'> | undefined;
  if (!constant) {
    if (count === outputs) return b.transpose(b.plain(name), FILTERS_LAST);
    const part = [count, ...shape.slice(1)];
    return b.transpose(b.slice(b.plain(name), [from, 0, 0, 0], part), FILTERS_LAST);
  }
  const size = constant.data.length / outputs;
  const part = [count, ...shape.slice(1)];
  return {
    key: `filters ${from} ${name}`,
    shape: permute(part, FILTERS_LAST) as Extents,
    make: () =>
      transposed(constant.data.subarray(from * size, (from + count) * size), part, FILTERS_LAST),
  };
}

/** Filters `[channels * multiple, 1, height, width]` as `[height, width, channels, multiple]`. */
function depthwiseFilters(b: Builder, name: string, channels: number): Filters | number {
  const [outputs, , ...kernel] = b.shape(name) as [number, number, number, number];
  const apart = [channels, outputs / channels, ...kernel];
  const order = [2, 3, 0, 1];
  const constant = b.constant(name) as TensorData<'float32'> | undefined;
  if (!constant) return b.transpose(b.reshape(b.plain(name), apart), order);
  return {
    key: `depthwise ${name}`,
    shape: permute(apart, order) as Extents,
    make: () => transposed(constant.data, apart, order),
  };
}

/** Rows and columns around the input: what the windows reach behind it is none where they stop short. */
function padsOf(b: Builder, geometry: Geometry): Convolution['pads'] {
  const behind = overhang(geometry);
  const [rows, columns] = geometry.before.map((n, axis): [number, number] => [
    n,
    Math.max(behind[axis]!, 0),
  ]);
  if (geometry.before.some((n) => n < 0)) throw b.refusal('negative padding is not supported.');
  return [rows!, columns!];
}

/**
 * Lowers a Conv node: one kernel for bias and activation too; groups of one channel by the depthwise kernel, others one
 * by one.
 *
 * @param b where to emit
 * @param node the node
 * @param activation what follows it
 */
export function convolve(b: Builder, node: Node, activation: Activation): void {
  const [x = '', w = '', biasName = ''] = node.inputs;
  const output = node.outputs[0]!;
  const shape = b.shape(x);
  if (shape.length !== 4) throw b.refusal('convolutions are supported over images only.');
  const [outputs, perGroup, ...kernel] = b.shape(w) as [number, number, number, number];
  const groups = intAttribute(node, 'group', 1);
  const geometry = geometryOf(node, shape.slice(2), b.shape(output).slice(2), kernel);
  const { strides, dilations, to } = geometry;
  const common = { activation, strides, dilations, to, pads: padsOf(b, geometry) };
  const input = b.last(x);
  const biasOf = (start: number, size: number): Bias | undefined =>
    biasName ? { name: biasName, start, size } : undefined;
  const bias = biasOf(0, outputs);
  if (groups === 1) {
    const filter = filtersOf(b, w, 0, outputs);
    b.define(output, emitConvolution(b, { ...common, x: input, filter, bias }), 'last');
    return;
  }
  if (perGroup === 1) {
    const filter = depthwiseFilters(b, w, groups);
    const convolution = { ...common, x: input, filter, bias };
    b.define(output, emitConvolution(b, convolution, 'FusedDepthwiseConv2D'), 'last');
    return;
  }
  const each = outputs / groups;
  const parts = Array.from({ length: groups }, (_, group) => {
    const part = channelsOf(b, input, group * perGroup, perGroup);
    const filter = filtersOf(b, w, group * each, each);
    const own = biasOf(group * each, each);
    return emitConvolution(b, { ...common, x: part, filter, bias: own });
  });
  b.define(output, b.emit('Concat', parts, { axis: 3 }, b.shapeIn(output, 'last')), 'last');
}

const conv: Lowering = (b, node) => {
  convolve(b, node, 'linear');
};

/** Convolutions and their adjoints. */
export const convolutions: Lowerings = { Conv: conv, ConvTranspose: transposeConvolution };
