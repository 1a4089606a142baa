import type { Graph } from './graph.js';
import { withoutStrangers } from './value-names.js';

/**
 * A graph without the nodes and weights that no output needs. Inputs stay, needed or not.
 *
 * @param graph a graph whose nodes are in order
 * @param keep further values that are needed
 * @returns the same graph when there is nothing to drop
 */
export function prune(graph: Graph, keep: Iterable<string> = []): Graph {
  const needed = new Set<string>(keep);
  for (const { name } of graph.outputs) needed.add(name);
  const nodes = graph.nodes.toReversed().filter(({ inputs, outputs }) => {
    const live = outputs.some((name) => needed.has(name));
    if (live) for (const name of inputs) needed.add(name);
    return live;
  });
  const initializers = new Map([...graph.initializers].filter(([name]) => needed.has(name)));
  if (nodes.length === graph.nodes.length && initializers.size === graph.initializers.size) {
    return graph;
  }
  nodes.reverse();
  return withoutStrangers({ ...graph, nodes, initializers });
}
