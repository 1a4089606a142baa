import type { Graph } from './graph.js';
import { analyse } from './infer-shapes.js';
import { prune } from './prune.js';
import { bypass } from './simplify/bypass.js';
import { foldConstants } from './simplify/fold-constants.js';
import { fuse } from './simplify/fuse.js';
import { withoutStrangers } from './value-names.js';

/** What `simplify` must not touch. */
export interface SimplifyOptions {
  /** Names of values that must still be there afterwards, besides the inputs and outputs. */
  readonly keep?: readonly string[];
}

/**
 * The same function with fewer nodes, for inference: constants are folded, operators that do nothing (Identity,
 * Dropout, casts to the same type, empty pads, ...) are taken out, batch normalisation and per-channel additions go
 * into the convolution before them when nothing else reads its output, and what nothing needs is dropped. Inputs,
 * outputs and what else survives keep their names. Nodes without a rule stay as they are.
 *
 * @param graph any graph
 * @param options values to keep
 * @throws LensError `E_SHAPE`, `E_ONNX_INVALID` when shapes do not go together
 */
export function simplify(graph: Graph, options: SimplifyOptions = {}): Graph {
  const fixed = new Set(options.keep);
  for (const { name } of [...graph.inputs, ...graph.outputs]) fixed.add(name);
  let current = prune(graph, fixed);
  for (let before: Graph | undefined; before !== current;) {
    before = current;
    current = foldConstants(current);
    current = bypass(current, fixed);
    current = fuse(current, fixed);
    current = prune(current, fixed);
  }
  const { values } = analyse(withoutStrangers(current));
  return { ...current, values };
}
