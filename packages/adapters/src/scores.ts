import type { Skeleton, Step } from './skeleton.js';
import { areaOf, isConv } from './structure.js';

/** The end of a network that classifies. */
export interface Scores {
  /** The step whose value are the class scores, before any softmax. */
  readonly step: Step;
  /** Name of that value in the graph: of the step's own value or of a reshape of it. */
  readonly value: string;
  readonly classes: number;
  /** Dense layers, and convolutions that act as such, in order. */
  readonly dense: readonly Step[];
}

/** A convolution that reads its whole map at once, without padding. */
function readsAll({ kind, kernel, inputs }: Step): boolean {
  const [, ...extents] = inputs[0]?.shape ?? [];
  return kind === 'conv' && kernel.length > 0 && kernel.join() === extents.join();
}

/**
 * The dense layers that lead to the scores. From the end back through activations and normalisations: dense layers
 * and convolutions over a whole map; where pooling ends the network, the 1x1 convolution that makes one map a class.
 */
function denseLayers(last: Step, classes: number): Step[] {
  const found: Step[] = [];
  for (let at = last; at.inputs.length === 1; at = at.inputs[0]!) {
    if (at.kind === 'dense' || (readsAll(at) && areaOf(at) === 1)) {
      found.unshift(at);
    } else if (at.kind === 'conv') {
      if (found.length === 0 && isConv(at, 1) && at.shape[0] === classes) found.unshift(at);
      break;
    } else if (found.length > 0 && at.kind === 'pool') {
      break;
    }
  }
  return found;
}

/**
 * Finds the class scores, if the network has any.
 *
 * @param skeleton the network
 */
export function findScores(skeleton: Skeleton): Scores | undefined {
  for (const [value, step] of [...skeleton.outputs].reverse()) {
    const squashed = step.kind === 'softmax' || step.op === 'Sigmoid';
    const last = squashed ? step.inputs[0] : step;
    if (last === undefined || last === skeleton.image || areaOf(last) !== 1) continue;
    const classes = last.shape[0] ?? 0;
    const dense = denseLayers(last, classes);
    if (dense.length === 0) continue;
    const before = squashed ? (step.nodes[0]?.inputs[0] ?? last.value) : value;
    return { step: last, value: before, classes, dense };
  }
  return undefined;
}
