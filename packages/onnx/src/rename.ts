import { LensError } from './errors.js';
import type { Graph, ValueInfo } from './graph.js';
import { didYouMean } from './nearest.js';
import { valueNames } from './value-names.js';

/**
 * A graph with values renamed everywhere they occur. Names may be exchanged (`{ a: 'b', b: 'a' }`).
 *
 * @param graph any graph
 * @param mapping new names by old names
 * @throws LensError `E_VALUE_UNKNOWN` when there is no such value, `E_ARGUMENT` when two values would have one name
 */
export function rename(graph: Graph, mapping: Readonly<Record<string, string>>): Graph {
  const names = valueNames(graph);
  const map = new Map(Object.entries(mapping));
  for (const old of map.keys()) {
    if (names.has(old)) continue;
    throw new LensError(
      'E_VALUE_UNKNOWN',
      `rename: the graph has no value "${old}".${didYouMean(old, names)}`,
    );
  }
  const to = (name: string): string => map.get(name) ?? name;
  const taken = new Map<string, string>();
  for (const name of names) {
    const next = to(name);
    const other = taken.get(next);
    if (next === '' || other !== undefined) {
      throw new LensError(
        'E_ARGUMENT',
        next === ''
          ? `rename: the new name of "${name}" is empty.`
          : `rename: the values "${other}" and "${name}" would both be named "${next}".`,
      );
    }
    taken.set(next, name);
  }
  const info = (value: ValueInfo): ValueInfo => ({ ...value, name: to(value.name) });
  return {
    ...graph,
    inputs: graph.inputs.map(info),
    outputs: graph.outputs.map(info),
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(to),
      outputs: node.outputs.map(to),
    })),
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [to(name), tensor])),
    values: new Map([...graph.values].map(([name, value]) => [to(name), info(value)])),
  };
}
