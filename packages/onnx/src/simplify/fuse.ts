import { floatAttribute, intAttribute } from '../attributes.js';
import type { Graph, Node } from '../graph.js';
import { consumers, producers } from '../order.js';
import { float32, type TensorData } from '../tensor.js';

/** A factor and a summand for each output channel of a convolution. */
interface PerChannel {
  readonly factor: Float64Array | undefined;
  readonly summand: Float64Array;
}

/**
 * Puts a BatchNormalization, or an Add of one number a channel, into the weights of the Conv before it. Only when
 * nothing else reads the Conv's output and its name is not fixed.
 *
 * @param graph a graph whose nodes are in order
 * @param fixed names of values that must stay
 * @returns the same graph when there is nothing to fuse
 */
export function fuse(graph: Graph, fixed: ReadonlySet<string>): Graph {
  const readers = consumers(graph);
  const makers = producers(graph);
  const initializers = new Map(graph.initializers);
  const replaced = new Map<Node, Node>();
  const gone = new Set<Node>();
  for (const node of graph.nodes) {
    const conv = [0, node.op === 'Add' ? 1 : 0]
      .map((i) => makers.get(node.inputs[i]!))
      .find((maker) => maker?.op === 'Conv' && maker.domain === '');
    const between = conv?.outputs[0];
    if (!conv || !between || node.domain !== '' || replaced.has(conv)) continue;
    if (fixed.has(between) || readers.get(between)?.length !== 1) continue;
    const weights = floats(initializers, conv.inputs[1]);
    const bias = conv.inputs[2] ? floats(initializers, conv.inputs[2]) : undefined;
    if (!weights || (conv.inputs[2] && !bias)) continue;
    const channels = weights.shape[0]!;
    const change =
      node.op === 'BatchNormalization'
        ? normalization(node, initializers, fixed, readers)
        : node.op === 'Add' && !bias
          ? addition(node, between, initializers, channels, weights.shape.length)
          : undefined;
    if (change?.summand.length !== channels) continue;
    const put = (old: string | undefined, fresh: string, tensor: TensorData): string => {
      let name = fresh;
      if (old && readers.get(old)?.length === 1 && !fixed.has(old)) name = old;
      else while (initializers.has(name) || makers.has(name) || fixed.has(name)) name += '_';
      initializers.set(name, tensor);
      return name;
    };
    const [x, w, b] = conv.inputs as [string, string, string | undefined];
    const inputs = [
      x,
      change.factor ? put(w, `${w}_scaled`, scaleRows(weights, change.factor)) : w,
      put(b, `${conv.name}_bias`, shift(bias, change)),
    ];
    const fused = { ...conv, inputs, outputs: node.outputs.slice(0, 1) };
    replaced.set(conv, fused);
    gone.add(node);
  }
  if (gone.size === 0) return graph;
  const nodes = graph.nodes.flatMap((node) => (gone.has(node) ? [] : [replaced.get(node) ?? node]));
  return { ...graph, nodes, initializers };
}

/** A float32 constant. */
function floats(
  initializers: ReadonlyMap<string, TensorData>,
  name: string | undefined,
): TensorData<'float32'> | undefined {
  const tensor = initializers.get(name ?? '');
  return tensor?.dtype === 'float32' ? (tensor as TensorData<'float32'>) : undefined;
}

/**
 * y = scale * (x - mean) / sqrt(variance + epsilon) + offset, as a factor and a summand.
 *
 * @see https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
 */
function normalization(
  node: Node,
  initializers: ReadonlyMap<string, TensorData>,
  fixed: ReadonlySet<string>,
  readers: ReadonlyMap<string, readonly Node[]>,
): PerChannel | undefined {
  const training = intAttribute(node, 'training_mode', 0) === 1;
  const perChannel = intAttribute(node, 'spatial', 1) === 1;
  const statisticsRead = node.outputs.slice(1).some((name) => readers.has(name) || fixed.has(name));
  const [scale, offset, mean, variance] = node.inputs
    .slice(1)
    .map((name) => floats(initializers, name)?.data);
  if (training || !perChannel || statisticsRead || !scale || !offset || !mean || !variance) {
    return undefined;
  }
  const epsilon = floatAttribute(node, 'epsilon', 1e-5);
  const factor = Float64Array.from(scale, (s, c) => s / Math.sqrt(variance[c]! + epsilon));
  const summand = Float64Array.from(offset, (o, c) => o - mean[c]! * factor[c]!);
  return { factor, summand };
}

/** The constant of an Add, when it is one number a channel or one number for all. */
function addition(
  node: Node,
  between: string,
  initializers: ReadonlyMap<string, TensorData>,
  channels: number,
  rank: number,
): PerChannel | undefined {
  const constant = floats(
    initializers,
    node.inputs.find((name) => name !== between),
  );
  if (!constant || constant.shape.length > rank) return undefined;
  const { shape, data } = constant;
  const channelAxis = shape.length - rank + 1;
  const fits = shape.every((extent, axis) =>
    axis === channelAxis ? extent === 1 || extent === channels : extent === 1,
  );
  if (!fits) return undefined;
  const summand = Float64Array.from({ length: channels }, (_, c) => data[c % data.length]!);
  return { factor: undefined, summand };
}

function scaleRows({ data, shape }: TensorData<'float32'>, factor: Float64Array): TensorData {
  const row = data.length / factor.length;
  const out = new Float32Array(data.length);
  for (let c = 0, i = 0; c < factor.length; c++) {
    const by = factor[c]!;
    const end = i + row;
    // Four at a time, as counting takes as long as multiplying: a network has tens of millions of weights.
    for (; i + 3 < end; i += 4) {
      out[i] = data[i]! * by;
      out[i + 1] = data[i + 1]! * by;
      out[i + 2] = data[i + 2]! * by;
      out[i + 3] = data[i + 3]! * by;
    }
    for (; i < end; i++) out[i] = data[i]! * by;
  }
  return float32(out, shape);
}

function shift(
  bias: TensorData<'float32'> | undefined,
  { factor, summand }: PerChannel,
): TensorData {
  const old = bias?.data;
  const sum = Float32Array.from(
    summand,
    (s, c) => s + (old ? old[c]! * (factor ? factor[c]! : 1) : 0),
  );
  return float32(sum, [sum.length]);
}
