import { feedOf, upgrade, writeObjective, type Objective, type Place } from '@convlens/autodiff';
import type { Network } from '@convlens/adapters';
import { cut, GraphBuilder, inferShapes, type Graph } from '@convlens/onnx';
import { placeOf } from './goal.js';

/** Name of the objective's value, `[batch]`: that of each image. */
export const VALUES = 'convlens_objective';

/** An input that a goal adds to the graph. */
export type Feed =
  /** Weights of a value, or of its log-softmax, `[batch, ...shape]`. */
  | { readonly kind: 'linear' | 'log'; readonly input: string; readonly place: Place }
  /** The activation of the image to match, `[1, ...shape]`, and 1 / its squared length, `[1]`. */
  | {
      readonly kind: 'target';
      readonly input: string;
      readonly scale: string;
      readonly place: Place;
    }
  /** The activation of the guide, `[1, channels, positions]`; it has its own number of positions. */
  | { readonly kind: 'guide'; readonly input: string; readonly place: Place };

/** A graph with an objective appended. */
export interface GoalGraph {
  readonly graph: Graph;
  readonly feeds: readonly Feed[];
  /** Goals of the same key have the same graph. */
  readonly key: string;
}

/**
 * What distinguishes the graph of a goal from those of others: units and classes do not, they are fed.
 *
 * @param network the network
 * @param goal what to optimise for
 */
export function goalKey(network: Network, goal: Objective): string {
  const parts = goal.map((term) => {
    const feed = feedOf(term);
    return feed ? `${feed} ${placeOf(network, term).value}` : JSON.stringify(term);
  });
  return [...new Set(parts)].sort().join('\n');
}

/**
 * Appends the objective of a goal to a network's graph.
 *
 * @param network the network
 * @param goal what to optimise for
 * @param batch images in a run
 * @param size `[height, width]` of the input where it is not the network's own
 * @param guideSize `[height, width]` of the image that guides, where it is another
 * @throws LensError as `placeOf`; `E_SHAPE` when the network does not take that size
 */
export function goalGraph(
  network: Network,
  goal: Objective,
  batch: number,
  size: readonly [number, number] = [network.input.shape[1], network.input.shape[2]],
  guideSize = size,
): GoalGraph {
  const { name, shape } = network.input;
  // What lies above is not computed, and need not take that size.
  const part = cut(network.graph, [...new Set(goal.map((term) => placeOf(network, term).value))]);
  const sized = (count: number, extent: readonly number[]): Graph =>
    inferShapes(part, { inputs: { [name]: [count, shape[0], ...extent] } });
  const typed = sized(batch, size);
  const guide = goal.some(({ kind }) => kind === 'guide') ? sized(1, guideSize) : typed;
  const shaped = (place: Place, by = typed): Place => {
    const known = by.values.get(place.value)?.shape?.slice(1) ?? place.shape;
    return { ...place, shape: known.map(Number) };
  };
  const b = new GraphBuilder(upgrade(typed), { scope: 'convlens_objective' });
  const feeds: Feed[] = [];
  const input = (shape: readonly number[]): string => b.input(b.free('convlens_fed'), shape);
  const values = writeObjective(b, goal, (term) => shaped(placeOf(network, term)), batch, {
    weights(kind, place) {
      const fed = input([batch, ...place.shape]);
      feeds.push({ kind, input: fed, place });
      return fed;
    },
    target(place) {
      const fed = input([1, ...place.shape]);
      const scale = input([1]);
      feeds.push({ kind: 'target', input: fed, scale, place });
      return [fed, scale];
    },
    guide(own) {
      const place = shaped(own, guide);
      const [channels = 1, ...rest] = place.shape;
      const positions = rest.reduce((product, extent) => product * extent, 1);
      const fed = input([1, channels, positions]);
      feeds.push({ kind: 'guide', input: fed, place });
      return fed;
    },
  });
  b.output(values, VALUES);
  return { graph: inferShapes(b.finish()), feeds, key: goalKey(network, goal) };
}
