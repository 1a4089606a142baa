import type { Graph } from './graph.js';

/**
 * The names of all values of a graph: inputs, weights and what the nodes compute.
 *
 * @param graph any graph
 */
export function valueNames(graph: Pick<Graph, 'inputs' | 'nodes' | 'initializers'>): Set<string> {
  const names = new Set<string>(graph.initializers.keys());
  for (const { name } of graph.inputs) names.add(name);
  for (const { outputs } of graph.nodes) for (const name of outputs) if (name) names.add(name);
  return names;
}

/**
 * The same graph, with nothing in `values` about values it does not have.
 *
 * @param graph any graph
 */
export function withoutStrangers(graph: Graph): Graph {
  const names = valueNames(graph);
  return { ...graph, values: new Map([...graph.values].filter(([name]) => names.has(name))) };
}
