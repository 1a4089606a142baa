import { intAttribute } from '../attributes.js';
import { arrayOf } from '../dtypes.js';
import type { Dim, Graph, Node } from '../graph.js';
import { analyse } from '../infer-shapes.js';
import { toTensor } from '../operand.js';
import type { Call, Typed } from '../ops/rule.js';
import type { TensorData } from '../tensor.js';

/** A constant that is no larger than this may always be stored; a larger one only when it is not much larger than
 * what it was made from, so that an Expand of a scalar does not become weights. */
const smallBytes = 2 ** 20;
const mostGrowth = 4;

/**
 * Replaces what can be computed without the inputs by initialisers, and target shapes of Reshape that depend on a
 * dynamic extent by constant ones.
 *
 * @param graph a graph whose nodes are in order
 * @returns the same graph when there is nothing to fold
 */
export function foldConstants(graph: Graph): Graph {
  const initializers = new Map(graph.initializers);
  const nodes: Node[] = [];
  analyse(graph, worthStoring, ({ node, call, typed, results }) => {
    const tensors = node.outputs.map((_, i) => results?.[i] && toTensor(results[i]));
    if (tensors.every((tensor, i) => tensor ?? !node.outputs[i])) {
      node.outputs.forEach((name, i) => name && initializers.set(name, tensors[i]!));
    } else {
      nodes.push(call ? reshapeTo(node, call, typed[0]?.shape, initializers) : node);
    }
  });
  const same =
    nodes.length === graph.nodes.length && nodes.every((node, i) => node === graph.nodes[i]);
  return same ? graph : { ...graph, nodes, initializers };
}

function bytesOf({ dtype, shape }: Typed): number {
  let count = dtype === 'string' ? 1 : arrayOf(dtype).BYTES_PER_ELEMENT;
  for (const extent of shape ?? []) count *= typeof extent === 'number' ? extent : 1;
  return count;
}

function worthStoring(call: Call, typed: readonly Typed[]): boolean {
  let from = 0;
  let to = 0;
  for (const x of call.inputs) if (x?.constant) from += bytesOf(x);
  for (const y of typed.slice(0, call.node.outputs.length)) to += bytesOf(y);
  return to <= smallBytes || to <= from * mostGrowth;
}

/** A Reshape with a constant target, when at most one extent of the result has to be left to the runtime. */
function reshapeTo(
  node: Node,
  call: Call,
  shape: readonly Dim[] | undefined,
  initializers: Map<string, TensorData>,
): Node {
  const old = node.inputs[1];
  if (node.op !== 'Reshape' || !shape || !old || initializers.has(old)) return node;
  const open = shape.filter((extent) => typeof extent === 'string').length;
  if (open > 1 || shape.includes(0) || intAttribute(node, 'allowzero', 0)) return node;
  let name = `${node.name}_shape`;
  while (initializers.has(name) || call.node.inputs.includes(name)) name += '_';
  const target = shape.map((extent) => (typeof extent === 'number' ? BigInt(extent) : -1n));
  initializers.set(name, {
    dtype: 'int64',
    shape: [shape.length],
    data: BigInt64Array.from(target),
  });
  return { ...node, inputs: [node.inputs[0]!, name] };
}
