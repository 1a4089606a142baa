import type { Graph } from '@convlens/onnx';

/** Operands that may be weights, by operator; `'any'` where every operand may. */
const OPERANDS: Readonly<Record<string, readonly number[] | 'any'>> = {
  Add: 'any',
  BatchNormalization: [1, 2, 3, 4],
  Conv: [1, 2],
  ConvTranspose: [1, 2],
  Div: 'any',
  Gemm: 'any',
  GroupNormalization: [1, 2],
  InstanceNormalization: [1, 2],
  LayerNormalization: [1, 2],
  MatMul: 'any',
  Mul: 'any',
  PRelu: [1],
  Sub: 'any',
};

/**
 * Names of a network's weights: initialisers of more than one float32 number that it multiplies or adds, and filters, biases
 * and statistics. Bounds, shapes, scales of a resizing and the like are none. In a differentiated graph, whose rules bring
 * constants of their own, say which by name instead.
 *
 * @param graph a network as it was exported
 */
export function weightsOf(graph: Graph): string[] {
  const names = new Set<string>();
  for (const { op, domain, inputs } of graph.nodes) {
    const operands = domain === '' ? OPERANDS[op] : undefined;
    inputs.forEach((name, index) => {
      if (operands === 'any' || operands?.includes(index)) names.add(name);
    });
  }
  return [...graph.initializers].flatMap(([name, { dtype, data }]) =>
    names.has(name) && dtype === 'float32' && data.length > 1 ? [name] : [],
  );
}
