import { GraphBuilder, inferShapes, LensError, valueNames, type Graph } from '@convlens/onnx';
import { upgrade } from '../upgrade.js';
import { addWeights, checkTerm, feedOf, writeObjective, type ObjectiveInputs } from './kinds.js';
import type { Objective, Place, Term } from './term.js';

/**
 * Appends an objective to a graph, for its own sake: units are written into it as constants. That of a batch is the sum of
 * those of its images, so that the images do not influence each other's gradients.
 *
 * @param graph any graph; it comes out in version 17 of the operator set, or the newer one it has
 * @param spec what to compute; layers are names of values
 * @returns the graph with a scalar (`[]`) as a further output, and its name
 * @throws LensError `E_VALUE_UNKNOWN`, `E_SHAPE` when the extents of a value behind the batch are not known, `E_ARGUMENT` for
 * an index that is out of range, a vector of another length, or a term that needs a network or another image
 * @see Olah, Mordvintsev and Schubert, Feature Visualization, Distill 2017
 * @see Mordvintsev, Olah and Tyka, Inceptionism (DeepDream), 2015
 */
export function objective(graph: Graph, spec: Objective): { graph: Graph; value: string } {
  if (spec.length === 0) {
    throw new LensError('E_ARGUMENT', 'objective: a sum needs at least one term.');
  }
  const typed = upgrade(inferShapes(graph));
  const places = new Map(spec.map((term) => [term, placeIn(typed, term)] as const));
  const b = new GraphBuilder(typed, { scope: 'objective' });
  const no = (): never => {
    throw new LensError('E_ARGUMENT', 'objective: match and guide need an image of a network.');
  };
  const inputs: ObjectiveInputs = {
    weights(feed, place) {
      const weights = new Float32Array(place.shape.reduce((all, extent) => all * extent, 1));
      for (const [term, own] of places) {
        if (feedOf(term) === feed && own.value === place.value) addWeights(term, own, weights);
      }
      return b.numbers(weights, [1, ...place.shape], place.value, 'objective/weights');
    },
    target: no,
    guide: no,
  };
  const each = writeObjective(b, spec, (term) => places.get(term)!, 1, inputs);
  const value = b.output(b.emit('ReduceSum', [each], { keepdims: 0 }, b.free('objective')));
  return { graph: inferShapes(b.finish()), value };
}

/** Where a term looks in a graph. */
function placeIn(graph: Graph, term: Term): Place {
  if (!('layer' in term) || term.kind === 'diversity') {
    throw new LensError(
      'E_ARGUMENT',
      `objective: a graph alone has no place for a term of the kind ${term.kind}. Name a value with channel, neuron, layer or direction.`,
    );
  }
  const value = term.layer;
  if (!valueNames(graph).has(value)) {
    throw new LensError('E_VALUE_UNKNOWN', `objective: the graph has no value "${value}".`);
  }
  const known = graph.values.get(value)?.shape;
  const shape = known?.slice(1) ?? [];
  if (!known || shape.length === 0 || !shape.every((extent) => typeof extent === 'number')) {
    throw new LensError(
      'E_SHAPE',
      `objective: "${value}" must have channels of known number and size, but its shape is ${known ? `[${known.join(', ')}]` : 'not known'}.`,
    );
  }
  const place = { value, shape, name: `the value "${value}"` };
  checkTerm(term, place);
  return place;
}
