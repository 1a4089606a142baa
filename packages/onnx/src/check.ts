import { LensError } from './errors.js';
import type { Graph } from './graph.js';
import { didYouMean } from './nearest.js';

/**
 * Checks that every value is defined once and that everything read is defined.
 *
 * @param graph any graph, its nodes in any order
 * @throws LensError `E_ONNX_INVALID`, naming the node and the value
 */
export function checkGraph(graph: Graph): void {
  const defined = new Map<string, string>();
  const define = (value: string, by: string): void => {
    const other = defined.get(value);
    if (other) {
      throw new LensError(
        'E_ONNX_INVALID',
        `The value "${value}" is defined twice: by ${other} and by ${by}.`,
      );
    }
    defined.set(value, by);
  };
  for (const { name } of graph.inputs) define(name, 'the inputs of the model');
  for (const name of graph.initializers.keys()) define(name, 'the initialisers');
  for (const node of graph.nodes) {
    for (const name of node.outputs) if (name) define(name, `the node "${node.name}"`);
  }
  for (const node of graph.nodes) {
    for (const name of node.inputs) {
      if (!name || defined.has(name)) continue;
      throw new LensError(
        'E_ONNX_INVALID',
        `The node "${node.name}" (${node.op}) reads the value "${name}", which nothing defines.${didYouMean(name, defined.keys())}`,
      );
    }
  }
  for (const { name } of graph.outputs) {
    if (defined.has(name)) continue;
    throw new LensError(
      'E_ONNX_INVALID',
      `The output "${name}" of the model is defined by nothing.${didYouMean(name, defined.keys())}`,
    );
  }
}
