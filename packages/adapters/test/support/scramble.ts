import type { Graph, Node } from '@convlens/onnx';

/** A small generator for tests; nothing depends on its quality. */
function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/**
 * The same graph with meaningless names for all values and nodes and the nodes in another order, in which each
 * still comes after those that it reads.
 */
export function scramble(graph: Graph, seed: number): Graph {
  const roll = dice(seed);
  const names = new Map<string, string>([['', '']]);
  const word = (): string =>
    Array.from({ length: 12 }, () => 'abcdefghijklmnopqrstuvwxyz'[roll(26)]).join('');
  const rename = (name: string): string => {
    const known = names.get(name) ?? `${word()}${names.size}`;
    names.set(name, known);
    return known;
  };
  const waiting = new Set(graph.nodes);
  const open = new Set(graph.nodes.flatMap((node) => node.outputs));
  const nodes: Node[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting].filter((node) => node.inputs.every((name) => !open.has(name)));
    const node = ready[roll(ready.length)]!;
    waiting.delete(node);
    for (const output of node.outputs) open.delete(output);
    nodes.push({
      ...node,
      name: word(),
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    });
  }
  return {
    ...graph,
    name: word(),
    nodes,
    inputs: graph.inputs.map((info) => ({ ...info, name: rename(info.name) })),
    outputs: graph.outputs.map((info) => ({ ...info, name: rename(info.name) })),
    initializers: new Map([...graph.initializers].map(([name, data]) => [rename(name), data])),
    values: new Map(),
  };
}
