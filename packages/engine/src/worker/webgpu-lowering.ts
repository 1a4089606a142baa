import {
  float32,
  intAttribute,
  type Graph,
  type Node,
  type TensorData,
  type ValueInfo,
} from '@convlens/onnx';

/**
 * Tells whether ONNX Runtime's WebGPU convolution computes wrong numbers for these channels: its path for input
 * channels that come in threes is only right for exactly three (1.30: 6, 18 and 66 channels into a multiple of 4 are
 * wrong, whatever the kernel, stride or padding).
 */
const isBroken = (inputs: number, outputs: number): boolean =>
  inputs > 3 && inputs % 3 === 0 && inputs % 4 !== 0 && outputs % 4 === 0;

/** Weights `[out, in, ...]` with `extra` input channels of zeros behind the others. */
function widen(weights: TensorData<'float32'>, extra: number): TensorData<'float32'> {
  const [outputs = 1, inputs = 1, ...kernel] = weights.shape;
  const size = weights.data.length / outputs;
  const wide = (size / inputs) * (inputs + extra);
  const data = new Float32Array(outputs * wide);
  for (let out = 0; out < outputs; out++) {
    data.set(weights.data.subarray(out * size, (out + 1) * size), out * wide);
  }
  return float32(data, [outputs, inputs + extra, ...kernel]);
}

/** What the graph says of a value that is computed or an input. */
function known(graph: Graph, name: string): Partial<ValueInfo> {
  return graph.values.get(name) ?? graph.inputs.find((info) => info.name === name) ?? {};
}

/**
 * Rewrites what the WebGPU runtime computes wrongly: such convolutions get channels of zeros up to a multiple of 4.
 *
 * @param graph any graph
 * @returns the same graph when nothing has to change
 */
export function lowerForWebGpu(graph: Graph): Graph {
  const initializers = new Map(graph.initializers);
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const [x = '', w = ''] = node.inputs;
    const weights = graph.initializers.get(w);
    const { dtype, shape } = weights ?? known(graph, w);
    const [outputs, inputs] = shape ?? [];
    if (
      node.op !== 'Conv' ||
      dtype !== 'float32' ||
      typeof outputs !== 'number' ||
      typeof inputs !== 'number' ||
      intAttribute(node, 'group', 1) !== 1 ||
      !isBroken(inputs, outputs)
    ) {
      nodes.push(node);
      continue;
    }
    const extra = 4 - (inputs % 4);
    const rank = shape!.length;
    const pads = Array.from({ length: 2 * rank }, (_, i) => (i === rank + 1 ? extra : 0));
    const [padded, wide, amounts] = ['wide_in', 'wide_weights', 'wide_pads'].map(
      (name) => `${node.name}_${name}`,
    ) as [string, string, string];
    // Before opset 11 the amounts of Pad are an attribute.
    const old = graph.opset < 11;
    if (!old) {
      const data = BigInt64Array.from(pads, BigInt);
      initializers.set(amounts, { dtype: 'int64', shape: [pads.length], data });
    }
    const widened = (name: string, from: string, to: string): Node => ({
      name,
      op: 'Pad',
      domain: '',
      inputs: old ? [from] : [from, amounts],
      outputs: [to],
      attributes: old ? { pads: { type: 'ints', value: pads } } : {},
    });
    // Computed filters are widened where they are.
    if (weights) initializers.set(wide, widen(weights as TensorData<'float32'>, extra));
    else nodes.push(widened(`${node.name}_widen_weights`, w, wide));
    nodes.push(widened(`${node.name}_widen`, x, padded), {
      ...node,
      inputs: [padded, wide, ...node.inputs.slice(2)],
    });
  }
  return nodes.length === graph.nodes.length ? graph : { ...graph, nodes, initializers };
}
