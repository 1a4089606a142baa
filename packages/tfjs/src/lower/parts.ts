import { intAttribute, stringAttribute, type TensorData } from '@convlens/onnx';
import type { Builder } from '../builder.js';
import { AXIS_IN_LAST, type Layout } from '../layout.js';
import { emitFilterGradient } from './filter-gradient.js';
import type { Lowering, Lowerings } from './lowering.js';

const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

const placeOf = (axis: number, layout: Layout): number =>
  layout === 'last' ? AXIS_IN_LAST[axis]! : axis;

const concat: Lowering = (b, node) => {
  const output = node.outputs[0]!;
  const layout = b.layoutOf(node.inputs);
  const axis = placeOf(fromFront(intAttribute(node, 'axis', 0), b.shape(output).length), layout);
  const inputs = node.inputs.map((name) => b.in(name, layout));
  const shape = b.shapeIn(output, layout);
  b.define(output, b.emit('Concat', inputs, { axis }, shape, b.kind(output)), layout);
};

const split: Lowering = (b, node) => {
  const [x = ''] = node.inputs;
  const layout = b.layoutOf([x]);
  const register = b.in(x, layout);
  const axis = placeOf(fromFront(intAttribute(node, 'axis', 0), b.shape(x).length), layout);
  const begin = b.extents(register).map(() => 0);
  for (const output of node.outputs) {
    const size = b.shapeIn(output, layout);
    b.define(output, b.slice(register, [...begin], size), layout);
    begin[axis]! += size[axis]!;
  }
};

/** numpy's slices; steps backwards turn the axis round first. */
const sliceNode: Lowering = (b, node) => {
  const [x = '', ...lists] = node.inputs;
  const output = node.outputs[0]!;
  const layout = b.layoutOf([x]);
  const shape = b.shape(x);
  const [starts, , axes, steps] = ['starts', 'ends', 'axes', 'steps'].map((what, i) =>
    b.integers(lists[i], what),
  );
  if (!starts) throw b.refusal('its starts are missing.');
  let register = b.in(x, layout);
  const extents = b.extents(register);
  const begin = extents.map(() => 0);
  const stride = extents.map(() => 1);
  const turned: number[] = [];
  starts.forEach((start, i) => {
    const axis = fromFront(axes?.[i] ?? i, shape.length);
    const extent = shape[axis]!;
    const step = steps?.[i] ?? 1;
    const place = placeOf(axis, layout);
    const from = Math.min(
      Math.max(start < 0 ? start + extent : start, 0),
      extent - Number(step < 0),
    );
    stride[place] = Math.abs(step);
    begin[place] = step < 0 ? extent - 1 - from : from;
    if (step < 0) turned.push(place);
  });
  if (turned.length > 0) {
    register = b.emit('Reverse', { x: register }, { dims: turned }, extents, b.kind(x));
  }
  const size = b.shapeIn(output, layout);
  if (stride.every((n) => n === 1)) {
    b.define(output, b.slice(register, begin, size), layout);
    return;
  }
  const end = begin.map((from, axis) => from + (size[axis]! - 1) * stride[axis]! + 1);
  const masks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };
  const attributes = { begin, end, strides: stride, ...masks };
  b.define(output, b.emit('StridedSlice', { x: register }, attributes, size, b.kind(x)), layout);
};

/** Indices that a padding of an axis reads, for the modes that repeat what is there. */
function mirrored(extent: number, before: number, after: number, mode: string): Int32Array {
  return Int32Array.from({ length: extent + before + after }, (_, i) => {
    const at = i - before;
    if (mode === 'edge') return Math.min(Math.max(at, 0), extent - 1);
    if (mode === 'wrap') return ((at % extent) + extent) % extent;
    const period = Math.max(2 * (extent - 1), 1);
    const place = ((at % period) + period) % period;
    return Math.min(place, period - place);
  });
}

/**
 * Reads a register along an axis at constant places.
 *
 * @param b where to emit
 * @param x the register
 * @param axis axis as it lies in memory
 * @param indices which elements
 */
export function gather(b: Builder, x: number, axis: number, indices: Int32Array): number {
  const extents = b.extents(x);
  const places = b.literal(`indices ${indices.join()}`, [indices.length], () => indices, 'int32');
  const shape = extents.map((extent, i) => (i === axis ? indices.length : extent));
  return b.emit('GatherV2', { x, indices: places }, { axis, batchDims: 0 }, shape, b.kindOf(x));
}

/** Pad: constants, or what is there again; negative amounts cut. */
const pad: Lowering = (b, node) => {
  const [x = '', amounts, value, axesName] = node.inputs;
  const output = node.outputs[0]!;
  const layout = b.layoutOf([x]);
  const rank = b.shape(x).length;
  const pads = b.integers(amounts, 'pads');
  if (!pads) throw b.refusal('its pads are missing.');
  const axes = b.integers(axesName, 'axes') ?? Array.from({ length: rank }, (_, axis) => axis);
  const around = Array.from({ length: rank }, () => [0, 0] as [number, number]);
  axes.forEach((axis, i) => {
    const place = placeOf(fromFront(axis, rank), layout);
    around[place] = [pads[i]!, pads[i + axes.length]!];
  });
  let register = b.in(x, layout);
  const extents = b.extents(register);
  const cut = extents.map(
    (extent, axis) => extent + Math.min(around[axis]![0], 0) + Math.min(around[axis]![1], 0),
  );
  register = b.slice(
    register,
    around.map(([front]) => Math.max(-front, 0)),
    cut,
  );
  const added = around.map(([front, back]) => [Math.max(front, 0), Math.max(back, 0)] as const);
  const mode = stringAttribute(node, 'mode', 'constant');
  if (added.every(([front, back]) => front === 0 && back === 0)) {
    b.define(output, register, layout);
    return;
  }
  if (mode === 'constant') {
    const constantValue = value ? b.number(value) : 0;
    if (constantValue === undefined) throw b.refusal('the number it adds is computed.');
    b.define(output, b.pad(register, added, constantValue), layout);
    return;
  }
  added.forEach(([front, back], axis) => {
    if (front + back === 0) return;
    register = gather(b, register, axis, mirrored(cut[axis]!, front, back, mode));
  });
  b.define(output, register, layout);
};

const gatherNode: Lowering = (b, node) => {
  const [x = '', indices = ''] = node.inputs;
  const output = node.outputs[0]!;
  const shape = b.shape(x);
  const axis = fromFront(intAttribute(node, 'axis', 0), shape.length);
  const constant = b.constant(indices) as TensorData<'int64'> | undefined;
  if (!constant) throw b.refusal('its indices are computed.');
  const places = Int32Array.from(constant.data, (each) => fromFront(Number(each), shape[axis]!));
  // Also where the result has its indices' own axes: extents follow from the reshaping.
  b.define(output, b.reshape(gather(b, b.plain(x), axis, places), b.shape(output)));
};

/** The same elements in the same order with other extents. */
const reshape: Lowering = (b, node) => {
  if (emitFilterGradient(b, node)) return;
  const output = node.outputs[0]!;
  b.define(output, b.reshape(b.plain(node.inputs[0]!), b.shape(output)));
};

/** numpy's broadcasting: along the axes that grow, a product with ones. */
const expand: Lowering = (b, node) => {
  const [x = ''] = node.inputs;
  const output = node.outputs[0]!;
  if (b.kind(x) !== 'float32') throw b.refusal('it works on float32 only.');
  const target = b.shape(output);
  const own = [...new Array<number>(target.length - b.shape(x).length).fill(1), ...b.shape(x)];
  const layout = target.length === 4 ? b.layoutOf([x]) : 'plain';
  const a = layout === 'last' ? b.in(x, layout) : b.reshape(b.plain(x), own);
  const shape = b.shapeIn(output, layout);
  const grown = shape.map((extent, axis) => (b.extents(a)[axis] === extent ? 1 : extent));
  const count = grown.reduce((product, extent) => product * extent, 1);
  const ones = b.literal('ones', grown, () => new Float32Array(count).fill(1));
  b.define(output, b.emit('Multiply', { a, b: ones }, {}, shape), layout);
};

const tile: Lowering = (b, node) => {
  const [x = '', repeats] = node.inputs;
  const output = node.outputs[0]!;
  const reps = b.integers(repeats, 'repeats');
  if (!reps) throw b.refusal('its repeats are missing.');
  b.define(output, b.emit('Tile', { x: b.plain(x) }, { reps }, b.shape(output), b.kind(x)));
};

/** Parts of values, values side by side, and other extents. */
export const parts: Lowerings = {
  Concat: concat,
  Expand: expand,
  Flatten: reshape,
  Gather: gatherNode,
  Pad: pad,
  Reshape: reshape,
  Slice: sliceNode,
  Split: split,
  Squeeze: reshape,
  Tile: tile,
  Unsqueeze: reshape,
};
