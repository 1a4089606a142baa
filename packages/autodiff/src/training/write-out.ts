import { GraphBuilder, type Graph, type Node } from '@convlens/onnx';
import { usesBatchStatistics, writeBatchNormalization } from './batch-statistics.js';
import { Loss } from './losses.js';

/** Plain operators for a node, as the names of its outputs. */
type Writing = (b: GraphBuilder, node: Node) => readonly (string | undefined)[];

/** How operators are written out. */
const WRITINGS: Readonly<Record<string, Writing>> = {
  BatchNormalization: writeBatchNormalization,
  NegativeLogLikelihoodLoss: (b, node) => [new Loss(b, node).of(node.inputs[0]!)],
  SoftmaxCrossEntropyLoss: (b, node) => {
    const x = node.inputs[0]!;
    const logs = b.emit('LogSoftmax', [x], { axis: 1 });
    return [new Loss(b, node).of(logs), logs];
  },
};

function writingOf(node: Node): Writing | undefined {
  if (node.domain !== '' || !Object.hasOwn(WRITINGS, node.op)) return undefined;
  if (node.op === 'BatchNormalization' && !usesBatchStatistics(node)) return undefined;
  return WRITINGS[node.op];
}

/**
 * The same graph with the operators of training in plain ones, which every runtime has: BatchNormalization in training mode,
 * NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss.
 *
 * @param graph a graph of version 17 or newer with numbers for the shapes around these operators
 * @returns the same graph when it has none of them
 * @throws LensError `E_SHAPE`
 */
export function writeOut(graph: Graph): Graph {
  const written = graph.nodes.filter((node) => writingOf(node));
  if (written.length === 0) return graph;
  const gone = new Set(written);
  const b = new GraphBuilder({ ...graph, nodes: graph.nodes.filter((node) => !gone.has(node)) });
  for (const node of written) {
    b.scope = `${node.name}/plain`;
    const results = writingOf(node)!(b, node);
    node.outputs.forEach((name, index) => {
      if (name) b.emit('Identity', [results[index]!], {}, name);
    });
  }
  return b.finish();
}
