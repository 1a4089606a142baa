import { upgrade } from '@convlens/autodiff';
import type { Network } from '@convlens/adapters';
import {
  cut,
  float32,
  inferShapes,
  type Graph,
  type Node,
  type TensorData,
  type ValueInfo,
} from '@convlens/onnx';
import { feedOf, placeOf, type Goal, type Place, type Term } from './goal.js';

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
  readonly #nodes: Node[] = [];
  readonly #initializers: Map<string, TensorData>;
  readonly #inputs: ValueInfo[] = [];
  readonly #terms: string[] = [];
  readonly feeds: Feed[] = [];
  #count = 0;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#initializers = new Map(graph.initializers);
  }

  /** Terms of one kind of feed and one value share it. */
  addFed(kind: 'linear' | 'log', place: Place, batch: number): void {
    if (this.feeds.some((feed) => feed.kind === kind && feed.place.value === place.value)) return;
    const input = this.#input([batch, ...place.shape]);
    this.feeds.push({ kind, input, place });
    const axis = { type: 'int', value: 1 } as const;
    const value = kind === 'log' ? this.#emit('LogSoftmax', [place.value], { axis }) : place.value;
    this.#terms.push(this.#perImage(this.#emit('Mul', [value, input]), place.shape.length));
  }

  add(term: Term, place: Place, batch: number, guide: Place): void {
    const { weight = 1 } = term;
    const value = this.#term(term, place, batch, guide);
    this.#terms.push(weight === 1 ? value : this.#emit('Mul', [value, this.#number(weight)]));
  }

  #term(term: Term, place: Place, batch: number, guide: Place): string {
    const { value, shape } = place;
    const [channels = 1] = shape;
    const elements = shape.reduce((product, extent) => product * extent, 1);
    const positions = elements / channels;
    switch (term.kind) {
      case 'layer': {
        const squares = this.#perImage(this.#emit('Mul', [value, value]), shape.length);
        return this.#emit('Mul', [squares, this.#number(0.5 / elements)]);
      }
      case 'direction':
        return this.#cosine(place, term.direction, term.cosine ?? 0);
      case 'match': {
        const input = this.#input([1, ...shape]);
        const scale = this.#input([1]);
        this.feeds.push({ kind: 'target', input, scale, place });
        const difference = this.#emit('Sub', [value, input]);
        const squares = this.#perImage(this.#emit('Mul', [difference, difference]), shape.length);
        return this.#emit('Neg', [this.#emit('Mul', [squares, scale])]);
      }
      case 'guide': {
        const others = guide.shape.slice(1).reduce((product, extent) => product * extent, 1);
        const input = this.#input([1, channels, others]);
        this.feeds.push({ kind: 'guide', input, place: guide });
        const flat = this.#reshape(value, [batch, channels, positions]);
        const turned = this.#emit('Transpose', [flat], {
          perm: { type: 'ints', value: [0, 2, 1] },
        });
        // The gradient of a maximum is that of its largest term: the guide's own choice of feature.
        const best = this.#largest(this.#emit('MatMul', [turned, input]), 2);
        return this.#emit('Mul', [this.#perImage(best, 1), this.#number(1 / positions)]);
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
    const vector = this.#store(
      float32(Float32Array.from(direction), [1, channels, ...rest.map(() => 1)]),
    );
    const overChannels = (name: string): string => this.#sum(name, [1], 1);
    const dot = overChannels(this.#emit('Mul', [value, vector]));
    const length = this.#emit('Sqrt', [
      this.#emit('Add', [overChannels(this.#emit('Mul', [value, value])), this.#number(1e-8)]),
    ]);
    const cosine = this.#emit('Mul', [
      this.#emit('Div', [dot, length]),
      this.#number(1 / (Math.hypot(...direction) + 1e-4)),
    ]);
    const bounded = this.#emit('Clip', [cosine, this.#number(0.1)]);
    const powered = this.#emit('Pow', [bounded, this.#number(power)]);
    const total = this.#perImage(this.#emit('Mul', [dot, powered]), shape.length);
    return this.#emit('Mul', [total, this.#number(1 / rest.reduce((p, extent) => p * extent, 1))]);
  }

  /** Each image's part: minus the mean over the others of the cosine between Gram matrices. */
  #diversity(value: string, channels: number, positions: number, batch: number): string {
    const flat = this.#reshape(value, [batch, channels, positions]);
    const turned = this.#emit('Transpose', [flat], { perm: { type: 'ints', value: [0, 2, 1] } });
    const gram = this.#reshape(this.#emit('MatMul', [flat, turned]), [batch, channels * channels]);
    const squares = this.#sum(this.#emit('Mul', [gram, gram]), [1], 1);
    const length = this.#emit('Sqrt', [this.#emit('Add', [squares, this.#number(1e-12)])]);
    const unit = this.#emit('Div', [gram, length]);
    const others = this.#emit('Transpose', [unit], { perm: { type: 'ints', value: [1, 0] } });
    const cosines = this.#emit('MatMul', [unit, others]);
    const apart = new Float32Array(batch * batch).fill(-1 / Math.max(1, batch - 1));
    for (let i = 0; i < batch; i++) apart[i * (batch + 1)] = 0;
    const mask = this.#store(float32(apart, [batch, batch]));
    return this.#perImage(this.#emit('Mul', [cosines, mask]), 1);
  }

  finish(): Graph {
    const sum = this.#terms.reduce((total, term) => this.#emit('Add', [total, term]));
    this.#nodes.push({
      name: VALUES,
      op: 'Identity',
      domain: '',
      inputs: [sum],
      outputs: [VALUES],
      attributes: {},
    });
    const graph = this.#graph;
    return inferShapes({
      ...graph,
      nodes: [...graph.nodes, ...this.#nodes],
      initializers: this.#initializers,
      inputs: [...graph.inputs, ...this.#inputs],
      outputs: [...graph.outputs, { name: VALUES, dtype: 'float32', shape: [] }],
    });
  }

  /** `[batch]` from `[batch, ...]` with `axes` axes behind the batch. */
  #perImage(name: string, axes: number): string {
    return this.#sum(
      name,
      Array.from({ length: axes }, (_, i) => i + 1),
      0,
    );
  }

  #sum(name: string, axes: readonly number[], keep: 0 | 1): string {
    const list = this.#integers(axes);
    return this.#emit('ReduceSum', [name, list], { keepdims: { type: 'int', value: keep } });
  }

  /** Axes are an attribute before version 18 of the operator set. */
  #largest(name: string, axis: number): string {
    const keepdims = { type: 'int', value: 0 } as const;
    if (this.#graph.opset >= 18) {
      return this.#emit('ReduceMax', [name, this.#integers([axis])], { keepdims });
    }
    return this.#emit('ReduceMax', [name], { keepdims, axes: { type: 'ints', value: [axis] } });
  }

  #reshape(name: string, shape: readonly number[]): string {
    return this.#emit('Reshape', [name, this.#integers(shape)]);
  }

  #integers(list: readonly number[]): string {
    return this.#store({
      dtype: 'int64',
      shape: [list.length],
      data: BigInt64Array.from(list, BigInt),
    });
  }

  #number(value: number): string {
    return this.#store(float32(Float32Array.of(value), []));
  }

  #store(tensor: TensorData): string {
    const name = this.#fresh();
    this.#initializers.set(name, tensor);
    return name;
  }

  #input(shape: readonly number[]): string {
    const name = this.#fresh();
    this.#inputs.push({ name, dtype: 'float32', shape });
    return name;
  }

  #emit(op: string, inputs: readonly string[], attributes: Node['attributes'] = {}): string {
    const name = this.#fresh();
    this.#nodes.push({ name, op, domain: '', inputs, outputs: [name], attributes });
    return name;
  }

  #fresh(): string {
    return `convlens_goal_${this.#count++}`;
  }
}
