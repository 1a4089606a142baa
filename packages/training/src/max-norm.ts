import { intAttribute, type Graph, type GraphBuilder } from '@convlens/onnx';

/** The axis of a weight along which its units lie; `undefined` for biases and whatever has no units. */
function unitAxis({ nodes }: Graph, weight: string): number | undefined {
  for (const node of nodes) {
    const at = node.inputs.indexOf(weight);
    if (at < 0) continue;
    if (node.op === 'Conv' && at === 1) return 0;
    if (node.op === 'Gemm' && at === 1) return intAttribute(node, 'transB', 0) === 1 ? 0 : 1;
    if (node.op === 'MatMul' && at === 1) return 1;
    // Exporters turn the matrix of a dense layer first.
    if (node.op === 'Transpose') return 0;
  }
  return undefined;
}

/**
 * Shortens the weights of every unit that are longer than allowed.
 *
 * @param b where to emit
 * @param network says what the weight is
 * @param weight its name
 * @param value what it has become
 * @param most the length allowed
 * @returns the value itself for weights that have no units: biases, scales
 */
export function limitNorms(
  b: GraphBuilder,
  network: Graph,
  weight: string,
  value: string,
  most: number,
): string {
  const shape = network.initializers.get(weight)!.shape;
  const axis = shape.length > 1 ? unitAxis(network, weight) : undefined;
  if (axis === undefined) return value;
  const axes = shape.flatMap((_, at) => (at === axis ? [] : [at]));
  const sum = b.emit('ReduceSum', [b.emit('Mul', [value, value])], { axes, keepdims: 1 });
  // 1 where it is short enough: most / max(most, length).
  const longer = b.emit('Max', [b.emit('Sqrt', [sum]), b.number(most, value)]);
  return b.emit('Mul', [value, b.emit('Div', [b.number(most, value), longer])]);
}
