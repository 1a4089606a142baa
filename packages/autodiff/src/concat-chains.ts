import { intAttribute, topologicalSort, type Graph, type Node } from '@convlens/onnx';

/**
 * Writes concatenations as chains. DenseNet's layers each concatenate all maps so far, Concat(x0), Concat(x0, x1),
 * Concat(x0, x1, x2), ...: reversed as they are, every map sums a slice of every later concatenation, a number of
 * nodes that grows with the square of the layers. When the inputs of one are a prefix of another's, the latter
 * becomes Concat(Concat(x0, x1), x2), whose reverse needs one split and one addition a layer.
 *
 * @param graph any graph
 * @returns the same function; the same graph when there is nothing to chain
 */
export function chainConcats(graph: Graph): Graph {
  const longest = new Map<string, Node>();
  const concats = graph.nodes.filter(
    ({ op, domain, inputs }) => op === 'Concat' && domain === '' && inputs.length > 1,
  );
  const keyOf = (node: Node, count: number): string =>
    `${intAttribute(node, 'axis', 0)}\n${node.inputs.slice(0, count).join('\n')}`;
  for (const node of concats) longest.set(keyOf(node, node.inputs.length), node);
  const chained = new Map<Node, Node>();
  for (const node of concats) {
    for (let count = node.inputs.length - 1; count > 1; count--) {
      const prefix = longest.get(keyOf(node, count));
      if (!prefix) continue;
      const inputs = [prefix.outputs[0]!, ...node.inputs.slice(count)];
      chained.set(node, { ...node, inputs });
      break;
    }
  }
  if (chained.size === 0) return graph;
  const nodes = graph.nodes.map((node) => chained.get(node) ?? node);
  return { ...graph, nodes: topologicalSort(nodes) };
}
