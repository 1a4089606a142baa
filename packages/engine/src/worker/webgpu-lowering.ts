import { float32, GraphBuilder, intAttribute, type Graph, type TensorData } from '@convlens/onnx';

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

/**
 * Rewrites what the WebGPU runtime computes wrongly: such convolutions get channels of zeros up to a multiple of 4.
 *
 * @param graph any graph
 * @returns the same graph when nothing has to change
 */
export function lowerForWebGpu(graph: Graph): Graph {
  const b = new GraphBuilder(graph, { mode: 'rewrite' });
  const infos = new Map([
    ...graph.inputs.map((info) => [info.name, info] as const),
    ...graph.values,
  ]);
  let changed = false;
  for (const node of graph.nodes) {
    const [x = '', w = '', ...bias] = node.inputs;
    const weights = graph.initializers.get(w);
    const { dtype, shape } = weights ?? infos.get(w) ?? {};
    const [outputs, inputs] = shape ?? [];
    if (
      node.op !== 'Conv' ||
      dtype !== 'float32' ||
      typeof outputs !== 'number' ||
      typeof inputs !== 'number' ||
      intAttribute(node, 'group', 1) !== 1 ||
      !isBroken(inputs, outputs)
    ) {
      b.keep(node);
      continue;
    }
    changed = true;
    b.scope = node.name;
    const extra = 4 - (inputs % 4);
    const rank = shape!.length;
    const pads = Array.from({ length: 2 * rank }, (_, i) => (i === rank + 1 ? extra : 0));
    // Computed filters are widened where they are.
    const wide = weights
      ? b.constant(widen(weights as TensorData<'float32'>, extra), `${node.name}/wide_weights`)
      : b.emit('Pad', [w], { pads });
    b.keep({ ...node, inputs: [b.emit('Pad', [x], { pads }), wide, ...bias] });
  }
  return changed ? b.finish() : graph;
}
