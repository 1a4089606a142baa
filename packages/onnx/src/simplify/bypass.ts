import type { Graph, Node } from '../graph.js';
import { analyse, callOf } from '../infer-shapes.js';
import { consumers } from '../order.js';
import { ruleOf } from '../ops/registry.js';
import type { Call } from '../ops/rule.js';

/**
 * Takes out nodes whose output is their first input. Where the output's name is fixed, the node before takes over
 * the name; where that is impossible, an Identity remains.
 *
 * @param graph a graph whose nodes are in order
 * @param fixed names of values that must stay
 * @returns the same graph when there is no such node
 */
export function bypass(graph: Graph, fixed: ReadonlySet<string>): Graph {
  const { values, constants } = analyse(graph);
  const readers = consumers(graph);
  const made = new Set<string>();
  const aliases = new Map<string, string>();
  const renamed = new Map<string, string>();
  const resolve = (name: string): string => {
    let at = name;
    for (let next = aliases.get(at); next !== undefined; next = aliases.get(at)) at = next;
    return at;
  };
  const nodes: Node[] = [];
  let changed = false;
  for (const node of graph.nodes) {
    const call = node.domain === '' ? callOf(node, graph.opset, values, constants) : undefined;
    const maskRead = node.outputs.slice(1).some((name) => readers.has(name) || fixed.has(name));
    const [out] = node.outputs;
    if (!out || maskRead || !isNothing(node, call)) {
      nodes.push(node);
      for (const name of node.outputs) made.add(name);
      continue;
    }
    const source = resolve(node.inputs[0]!);
    if (!fixed.has(out)) {
      aliases.set(out, source);
      changed = true;
    } else if (made.has(source) && !fixed.has(source)) {
      aliases.set(source, out);
      renamed.set(source, out);
      made.add(out);
      changed = true;
    } else {
      changed ||= node.op !== 'Identity';
      nodes.push({ ...node, op: 'Identity', inputs: [source], outputs: [out], attributes: {} });
      made.add(out);
    }
  }
  if (!changed) return graph;
  return {
    ...graph,
    nodes: nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(resolve),
      outputs: node.outputs.map((name) => renamed.get(name) ?? name),
    })),
  };
}

function isNothing({ op, domain, inputs }: Node, call: Call | undefined): boolean {
  const rule = domain === '' ? ruleOf(op) : undefined;
  // Nothing has to be known of the input of these.
  if (rule && (op === 'Identity' || (op === 'Dropout' && !inputs[2]))) return true;
  if (!rule?.passes || !call?.inputs[0]) return false;
  return rule.passes(call, rule.infer(call)[0]!);
}
