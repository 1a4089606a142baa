import { LensError } from './errors.js';
import type { Graph, Node } from './graph.js';

/**
 * The node that makes each value.
 *
 * @param graph any graph
 */
export function producers(graph: Pick<Graph, 'nodes'>): Map<string, Node> {
  const map = new Map<string, Node>();
  for (const node of graph.nodes) for (const name of node.outputs) if (name) map.set(name, node);
  return map;
}

/**
 * The nodes that read each value, in the order of the graph; a node that reads it twice is listed once.
 *
 * @param graph any graph
 */
export function consumers(graph: Pick<Graph, 'nodes'>): Map<string, Node[]> {
  const map = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(node.inputs)) {
      if (!name) continue;
      const readers = map.get(name);
      if (readers) readers.push(node);
      else map.set(name, [node]);
    }
  }
  return map;
}

/**
 * The nodes in an order in which each comes after those whose values it reads; nodes that already are stay as they
 * are.
 *
 * @param nodes nodes in any order
 * @throws LensError `E_ONNX_INVALID` when there is a cycle
 */
export function topologicalSort(nodes: readonly Node[]): readonly Node[] {
  const makers = producers({ nodes });
  const done = new Set<Node>();
  const open = new Set<Node>();
  const sorted: Node[] = [];
  for (const root of nodes) {
    const stack = [root];
    for (let node = stack.at(-1); node; node = stack.at(-1)) {
      if (done.has(node)) {
        stack.pop();
        continue;
      }
      open.add(node);
      let ready = true;
      // Backwards, so that the stack takes the first input first.
      for (let i = node.inputs.length - 1; i >= 0; i--) {
        const maker = makers.get(node.inputs[i]!);
        if (!maker || done.has(maker)) continue;
        if (open.has(maker)) {
          throw new LensError(
            'E_ONNX_INVALID',
            `The graph has a cycle through the nodes "${maker.name}" and "${node.name}": a value depends on itself.`,
          );
        }
        stack.push(maker);
        ready = false;
      }
      if (!ready) continue;
      stack.pop();
      open.delete(node);
      done.add(node);
      sorted.push(node);
    }
  }
  return sorted;
}
