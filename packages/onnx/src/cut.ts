import { LensError } from './errors.js';
import type { Graph, ValueInfo } from './graph.js';
import { analyse } from './infer-shapes.js';
import { didYouMean } from './nearest.js';
import { prune } from './prune.js';
import { valueNames, withoutStrangers } from './value-names.js';

/**
 * The sub-graph that computes chosen values: only the nodes, inputs and weights these need. Any value can be chosen,
 * an input or a weight too: it is then handed through. Types come from `values`, or are inferred where they are
 * missing; a shape that nobody knows is left out.
 *
 * @param graph any graph
 * @param outputs names of values, which become the outputs in this order; a name given twice counts once
 * @throws LensError `E_VALUE_UNKNOWN` for names the graph does not have, `E_ARGUMENT` for no names at all
 */
export function cut(graph: Graph, outputs: readonly string[]): Graph {
  const names = [...new Set(outputs)];
  if (names.length === 0) {
    throw new LensError('E_ARGUMENT', 'cut: choose at least one value to compute, got none.');
  }
  const known = valueNames(graph);
  for (const name of names) {
    if (known.has(name)) continue;
    throw new LensError(
      'E_VALUE_UNKNOWN',
      `The graph has no value "${name}".${didYouMean(name, known)}`,
    );
  }
  const chosen = prune({ ...graph, outputs: names.map((name) => infoOf(graph, name)) });
  const used = new Set(chosen.nodes.flatMap(({ inputs }) => inputs));
  for (const name of names) used.add(name);
  const inputs = graph.inputs.filter(({ name }) => used.has(name));
  const part = withoutStrangers({ ...chosen, inputs });
  if (names.every((name) => graph.values.has(name))) return part;
  const { values } = analyse(part);
  return { ...part, values, outputs: part.outputs.map((info) => values.get(info.name) ?? info) };
}

function infoOf(graph: Graph, name: string): ValueInfo {
  const tensor = graph.initializers.get(name);
  if (tensor) return { name, dtype: tensor.dtype, shape: tensor.shape };
  return graph.values.get(name) ?? { name, dtype: 'float32', shape: undefined };
}
