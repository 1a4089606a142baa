import { upgrade } from '@convlens/autodiff';
import type { Network } from '@convlens/adapters';
import { cut, inferShapes, type Graph } from '@convlens/onnx';
import { feedOf, placeOf, type Goal, type Place, type Term } from './goal.js';
import { GraphWriter } from './graph-writer.js';

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
export function goalKey(network: Network, goal: Goal): string {
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
  goal: Goal,
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
  const writer = new GoalWriter(upgrade(typed));
  const shaped = (place: Place, by = typed): Place => {
    const known = by.values.get(place.value)?.shape?.slice(1) ?? place.shape;
    return { ...place, shape: known.map(Number) };
  };
  for (const term of goal) {
    const place = shaped(placeOf(network, term));
    const feed = feedOf(term);
    if (feed) writer.addFed(feed, place, batch);
    else writer.add(term, place, batch, shaped(place, guide));
  }
  return { graph: writer.finish(), feeds: writer.feeds, key: goalKey(network, goal) };
}

class GoalWriter {
  readonly #graph: Graph;
  readonly #to = new GraphWriter('convlens_goal');
  readonly #terms: string[] = [];
  readonly feeds: Feed[] = [];

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** Terms of one kind of feed and one value share it. */
  addFed(kind: 'linear' | 'log', place: Place, batch: number): void {
    if (this.feeds.some((feed) => feed.kind === kind && feed.place.value === place.value)) return;
    const input = this.#to.input([batch, ...place.shape]);
    this.feeds.push({ kind, input, place });
    const value =
      kind === 'log' ? this.#to.emit('LogSoftmax', [place.value], { axis: 1 }) : place.value;
    this.#terms.push(this.#perImage(this.#to.emit('Mul', [value, input]), place.shape.length));
  }

  add(term: Term, place: Place, batch: number, guide: Place): void {
    const { weight = 1 } = term;
    const value = this.#term(term, place, batch, guide);
    this.#terms.push(weight === 1 ? value : this.#to.emit('Mul', [value, this.#to.number(weight)]));
  }

  #term(term: Term, place: Place, batch: number, guide: Place): string {
    const { value, shape } = place;
    const [channels = 1] = shape;
    const elements = shape.reduce((product, extent) => product * extent, 1);
    const positions = elements / channels;
    switch (term.kind) {
      case 'layer': {
        const squares = this.#perImage(this.#to.emit('Mul', [value, value]), shape.length);
        return this.#to.emit('Mul', [squares, this.#to.number(0.5 / elements)]);
      }
      case 'direction':
        return this.#cosine(place, term.direction, term.cosine ?? 0);
      case 'match': {
        const input = this.#to.input([1, ...shape]);
        const scale = this.#to.input([1]);
        this.feeds.push({ kind: 'target', input, scale, place });
        const difference = this.#to.emit('Sub', [value, input]);
        const squares = this.#perImage(
          this.#to.emit('Mul', [difference, difference]),
          shape.length,
        );
        return this.#to.emit('Neg', [this.#to.emit('Mul', [squares, scale])]);
      }
      case 'guide': {
        const others = guide.shape.slice(1).reduce((product, extent) => product * extent, 1);
        const input = this.#to.input([1, channels, others]);
        this.feeds.push({ kind: 'guide', input, place: guide });
        const flat = this.#to.reshape(value, [batch, channels, positions]);
        const turned = this.#to.emit('Transpose', [flat], { perm: [0, 2, 1] });
        // The gradient of a maximum is that of its largest term: the guide's own choice of feature.
        const best = this.#largest(this.#to.emit('MatMul', [turned, input]), 2);
        return this.#to.emit('Mul', [this.#perImage(best, 1), this.#to.number(1 / positions)]);
      }
      case 'diversity':
        return this.#diversity(value, channels, positions, batch);
      case 'class':
      case 'channel':
      case 'neuron':
      case 'probability':
        throw new RangeError(`${term.kind} is fed`);
    }
  }

  /** mean over positions of (a v) max(cosine, 0.1)^power; Lucid's constants. */
  #cosine({ value, shape }: Place, direction: readonly number[], power: number): string {
    const [channels = 1, ...rest] = shape;
    const vector = this.#to.constant(direction, [1, channels, ...rest.map(() => 1)]);
    const overChannels = (name: string): string => this.#to.sum(name, [1], 1);
    const dot = overChannels(this.#to.emit('Mul', [value, vector]));
    const length = this.#to.emit('Sqrt', [
      this.#to.emit('Add', [
        overChannels(this.#to.emit('Mul', [value, value])),
        this.#to.number(1e-8),
      ]),
    ]);
    const cosine = this.#to.emit('Mul', [
      this.#to.emit('Div', [dot, length]),
      this.#to.number(1 / (Math.hypot(...direction) + 1e-4)),
    ]);
    const bounded = this.#to.emit('Clip', [cosine, this.#to.number(0.1)]);
    const powered = this.#to.emit('Pow', [bounded, this.#to.number(power)]);
    const total = this.#perImage(this.#to.emit('Mul', [dot, powered]), shape.length);
    return this.#to.emit('Mul', [
      total,
      this.#to.number(1 / rest.reduce((p, extent) => p * extent, 1)),
    ]);
  }

  /** Each image's part: minus the mean over the others of the cosine between Gram matrices. */
  #diversity(value: string, channels: number, positions: number, batch: number): string {
    const flat = this.#to.reshape(value, [batch, channels, positions]);
    const turned = this.#to.emit('Transpose', [flat], { perm: [0, 2, 1] });
    const gram = this.#to.reshape(this.#to.emit('MatMul', [flat, turned]), [
      batch,
      channels * channels,
    ]);
    const squares = this.#to.sum(this.#to.emit('Mul', [gram, gram]), [1], 1);
    const length = this.#to.emit('Sqrt', [this.#to.emit('Add', [squares, this.#to.number(1e-12)])]);
    const unit = this.#to.emit('Div', [gram, length]);
    const others = this.#to.emit('Transpose', [unit], { perm: [1, 0] });
    const cosines = this.#to.emit('MatMul', [unit, others]);
    const apart = new Float32Array(batch * batch).fill(-1 / Math.max(1, batch - 1));
    for (let i = 0; i < batch; i++) apart[i * (batch + 1)] = 0;
    const mask = this.#to.constant(apart, [batch, batch]);
    return this.#perImage(this.#to.emit('Mul', [cosines, mask]), 1);
  }

  finish(): Graph {
    const sum = this.#terms.reduce((total, term) => this.#to.emit('Add', [total, term]));
    this.#to.emit('Identity', [sum], {}, VALUES);
    const { nodes, initializers, inputs } = this.#to;
    const graph = this.#graph;
    return inferShapes({
      ...graph,
      nodes: [...graph.nodes, ...nodes],
      initializers: new Map([...graph.initializers, ...initializers]),
      inputs: [...graph.inputs, ...inputs],
      outputs: [...graph.outputs, { name: VALUES, dtype: 'float32', shape: [] }],
    });
  }

  /** `[batch]` from `[batch, ...]` with `axes` axes behind the batch. */
  #perImage(name: string, axes: number): string {
    return this.#to.sum(
      name,
      Array.from({ length: axes }, (_, i) => i + 1),
      0,
    );
  }

  /** Axes are an attribute before version 18 of the operator set. */
  #largest(name: string, axis: number): string {
    if (this.#graph.opset >= 18) {
      return this.#to.emit('ReduceMax', [name, this.#to.integers([axis])], { keepdims: 0 });
    }
    return this.#to.emit('ReduceMax', [name], { keepdims: 0, axes: [axis] });
  }
}
