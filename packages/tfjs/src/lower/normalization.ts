import { floatAttribute, intAttribute } from '@convlens/onnx';
import type { Builder } from '../builder.js';
import { TO_LAST, TO_PLAIN } from '../layout.js';
import { emitFilterGradient } from './filter-gradient.js';
import type { Lowering, Lowerings } from './lowering.js';

/** Batch normalisation with constant statistics is a factor and a summand a channel. */
const batchNormalization: Lowering = (b, node) => {
  const [x = '', ...names] = node.inputs;
  const output = node.outputs[0]!;
  if (intAttribute(node, 'training_mode', 0) === 1) throw b.refusal('it is in training mode.');
  const [scale, bias, mean, variance] = names.map((name) => b.constant(name)?.data) as (
    Float32Array | undefined
  )[];
  if (!scale || !bias || !mean || !variance) throw b.refusal('its statistics must be constant.');
  if (b.shape(x).length !== 4) throw b.refusal('it is supported over images only.');
  const epsilon = floatAttribute(node, 'epsilon', 1e-5);
  const factors = scale.map((each, i) => each / Math.sqrt(variance[i]! + epsilon));
  const summands = bias.map((each, i) => each - mean[i]! * factors[i]!);
  const shape = b.shapeIn(output, 'last');
  const a = b.last(x);
  const factor = b.literal(`factors ${output}`, [factors.length], () => factors);
  const scaled = b.emit('Multiply', { a, b: factor }, {}, shape);
  const summand = b.literal(`summands ${output}`, [factors.length], () => summands);
  b.define(output, b.emit('Add', { a: scaled, b: summand }, {}, shape), 'last');
};

/** Each channel of each image by its own mean and variance. */
const instanceNormalization: Lowering = (b, node) => {
  const [x = '', scale = '', bias = ''] = node.inputs;
  const output = node.outputs[0]!;
  if (b.shape(x).length !== 4) throw b.refusal('it is supported over images only.');
  const a = b.last(x);
  const full = b.extents(a);
  const one = [full[0]!, 1, 1, full[3]!];
  const meanOf = (of: number): number =>
    b.emit('Mean', { x: of }, { axis: [1, 2], keepDims: true }, one);
  const centred = b.emit('Sub', { a, b: meanOf(a) }, {}, full);
  const variance = meanOf(b.emit('Square', { x: centred }, {}, full));
  const epsilon = b.scalar(floatAttribute(node, 'epsilon', 1e-5));
  const shifted = b.emit('Add', { a: variance, b: epsilon }, {}, one);
  const root = b.emit('Rsqrt', { x: shifted }, {}, one);
  const factor = b.emit('Multiply', { a: root, b: b.plain(scale) }, {}, one);
  const scaled = b.emit('Multiply', { a: centred, b: factor }, {}, full);
  b.define(output, b.emit('Add', { a: scaled, b: b.plain(bias) }, {}, full), 'last');
};

/** Local response normalisation: each channel by the squares of those around it. */
const lrn: Lowering = (b, node) => {
  const [x = ''] = node.inputs;
  const output = node.outputs[0]!;
  const size = intAttribute(node, 'size', 1);
  if (size % 2 === 0 || b.shape(x).length !== 4) {
    throw b.refusal('it is supported over images and an odd number of channels only.');
  }
  const input = b.last(x);
  const attributes = {
    depthRadius: (size - 1) / 2,
    bias: floatAttribute(node, 'bias', 1),
    alpha: floatAttribute(node, 'alpha', 1e-4) / size,
    beta: floatAttribute(node, 'beta', 0.75),
  };
  b.define(output, b.emit('LRN', { x: input }, attributes, b.extents(input)), 'last');
};

/** Emits along the last axis, which the value is brought to have as the axis in question. */
function alongAxis(emit: (b: Builder, x: number) => number): Lowering {
  return (b, node) => {
    const [x = ''] = node.inputs;
    const output = node.outputs[0]!;
    const { length } = b.shape(x);
    const axis = (intAttribute(node, 'axis', -1) + length) % length;
    if (axis === length - 1) b.define(output, emit(b, b.plain(x)));
    else if (axis === 1 && length === 4) b.define(output, emit(b, b.last(x)), 'last');
    else {
      const order = Array.from({ length }, (_, i) => i).filter((i) => i !== axis);
      order.push(axis);
      const result = emit(b, b.transpose(b.plain(x), order));
      const back = Array.from({ length }, (_, i) => order.indexOf(i));
      b.define(output, b.transpose(result, back));
    }
  };
}

function softmax(b: Builder, logits: number): number {
  const shape = b.extents(logits);
  return b.emit('Softmax', { logits }, { dim: shape.length - 1 }, shape);
}

function logSoftmax(b: Builder, x: number): number {
  const shape = b.extents(x);
  const axis = [shape.length - 1];
  const one = [...shape.slice(0, -1), 1];
  const most = b.emit('Max', { x }, { reductionIndices: axis, keepDims: true }, one);
  const shifted = b.emit('Sub', { a: x, b: most }, {}, shape);
  const powers = b.emit('Exp', { x: shifted }, {}, shape);
  const sum = b.emit('Sum', { x: powers }, { axis, keepDims: true }, one);
  const log = b.emit('Log', { x: sum }, {}, one);
  return b.emit('Sub', { a: shifted, b: log }, {}, shape);
}

/** Channels in groups to images, or the other way round: exchanges of axes. */
const depthToSpace: Lowering = (b, node) => {
  const [x = ''] = node.inputs;
  const output = node.outputs[0]!;
  const block = intAttribute(node, 'blocksize', 1);
  const mode = node.attributes.mode?.value ?? 'DCR';
  const [n, c, h, w] = b.shape(x) as [number, number, number, number];
  const out = c / block ** 2;
  if (mode === 'DCR') {
    const attributes = { blockSize: block, dataFormat: 'NHWC' };
    const shape = b.shapeIn(output, 'last');
    b.define(output, b.emit('DepthToSpace', { x: b.last(x) }, attributes, shape), 'last');
    return;
  }
  const apart = b.reshape(b.plain(x), [n, out, block, block, h, w]);
  b.define(output, b.reshape(b.transpose(apart, [0, 1, 4, 2, 5, 3]), b.shape(output)));
};

const spaceToDepth: Lowering = (b, node) => {
  const [x = ''] = node.inputs;
  const output = node.outputs[0]!;
  const block = intAttribute(node, 'blocksize', 1);
  const [n, c, h, w] = b.shape(x) as [number, number, number, number];
  const apart = b.reshape(b.plain(x), [n, c, h / block, block, w / block, block]);
  b.define(output, b.reshape(b.transpose(apart, [0, 3, 5, 1, 2, 4]), b.shape(output)));
};

/** An exchange of axes: one of the two layouts may be what is wanted already. */
const transpose: Lowering = (b, node) => {
  if (emitFilterGradient(b, node)) return;
  const [x = ''] = node.inputs;
  const output = node.outputs[0]!;
  const { length } = b.shape(x);
  const attribute = node.attributes.perm;
  const order =
    attribute?.type === 'ints'
      ? attribute.value
      : Array.from({ length }, (_, axis) => length - 1 - axis);
  if (order.join() === TO_LAST.join()) b.define(output, b.last(x));
  else if (order.join() === TO_PLAIN.join()) b.define(output, b.plain(x), 'last');
  else b.define(output, b.transpose(b.plain(x), order));
};

/** Normalisation along channels, and exchanges of axes. */
export const normalizations: Lowerings = {
  BatchNormalization: batchNormalization,
  DepthToSpace: depthToSpace,
  InstanceNormalization: instanceNormalization,
  LRN: lrn,
  LogSoftmax: alongAxis(logSoftmax),
  Softmax: alongAxis(softmax),
  SpaceToDepth: spaceToDepth,
  Transpose: transpose,
};
