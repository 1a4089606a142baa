import type { Graph } from '@convlens/onnx';

/** Operands that may be weights, by operator; `'any'` where every operand may. */
const OPERANDS: Readonly<Record<string, readonly number[] | 'any'>> = {
  Add: 'any',
  BatchNormalization: [1, 2, 3, 4],
  Conv: [1, 2],
  ConvTranspose: [1, 2],
  Div: 'any',
  Gemm: [0, 1, 2],
  GroupNormalization: [1, 2],
  InstanceNormalization: [1, 2],
  LayerNormalization: [1, 2],
  MatMul: 'any',
  Mul: 'any',
  PRelu: [1],
  Sub: 'any',
};

/** Operators that only arrange what they are given: exporters turn the matrix of a dense layer before it is multiplied. */
const ARRANGE = new Set(['Flatten', 'Identity', 'Reshape', 'Squeeze', 'Transpose', 'Unsqueeze']);

/**
 * Names of a network's weights: initialisers of more than one float32 number that it multiplies or adds, arranged before
 * or not, and all filters, biases and statistics. Bounds, shapes, scales of a resizing and the like are none. In a differentiated graph, whose rules bring
 * constants of their own, say which by name instead.
 *
 * @param graph a network as it was exported
 */
export function weightsOf(graph: Graph): string[] {
  const names = new Set<string>();
  // A single number may be a scale, but where a filter or a bias belongs it is one.
  const certain = new Set<string>();
  // Backwards, so that whoever arranges comes after what it is arranged for.
  for (const { op, domain, inputs, outputs } of graph.nodes.toReversed()) {
    if (domain !== '') continue;
    if (ARRANGE.has(op) && names.has(outputs[0]!)) names.add(inputs[0]!);
    const operands = OPERANDS[op];
    inputs.forEach((name, index) => {
      if (operands === 'any' || operands?.includes(index)) names.add(name);
      if (operands !== 'any' && operands?.includes(index)) certain.add(name);
    });
  }
  return [...graph.initializers].flatMap(([name, { dtype, data }]) =>
    dtype === 'float32' && (certain.has(name) || (names.has(name) && data.length > 1))
      ? [name]
      : [],
  );
}
