import { LensError, type GraphBuilder } from '@convlens/onnx';
import type { Objective, Place, Term } from './term.js';
import { cosine, distance, diversity, guided, meanSquare, perImage } from './written.js';

/** Values that an objective reads besides the activations; whoever makes the graph says what they are. */
export interface ObjectiveInputs {
  /** Weights of the activation, or of its log-softmax, `[batch or 1, ...shape]`. */
  weights(feed: 'linear' | 'log', place: Place): string;
  /** The activation to match, `[1, ...shape]`, and 1 / its squared length, `[1]`. */
  target(place: Place): readonly [activation: string, scale: string];
  /** The activation of the guide, `[1, channels, positions]`. */
  guide(place: Place): string;
}

/** What a term is written with. */
export interface Writing {
  readonly b: GraphBuilder;
  readonly place: Place;
  /** Images in a run. */
  readonly batch: number;
  readonly inputs: ObjectiveInputs;
}

/** Adds to the weights `[channels, positions...]` of a channel, spread over its positions. */
type Spread = (channel: number, value: number) => void;

/** One kind of term. */
interface TermKind<T> {
  /**
   * How it is fed: as weights of the activation (`linear`) or of its log-softmax (`log`), so that one program serves every
   * unit of a layer and every class. Undefined for terms that are written into the program.
   */
  feed(term: T): 'linear' | 'log' | undefined;
  /** Refuses a unit that the place does not have. */
  check?(term: T, place: Place): void;
  /** Adds the weights that make a fed term the dot product with the activation (or its log-softmax). */
  weigh?(term: T, weight: number, spread: Spread, place: Place, weights: Float32Array): void;
  /** Writes the term, `[batch]`, without its weight. */
  write?(term: T, writing: Writing): string;
}

type Of<K extends Term['kind']> = Extract<Term, { readonly kind: K }>;

const linear = (): 'linear' => 'linear';
const written = (): undefined => undefined;

const inClasses = ({ index }: { readonly index: number }, { name, shape }: Place): void =>
  inside(index, shape[0]!, 'class', name);

/** All kinds of terms. */
const kinds: { readonly [K in Term['kind']]: TermKind<Of<K>> } = {
  class: {
    feed: linear,
    check: inClasses,
    weigh: ({ index }, weight, spread) => spread(index, weight),
  },
  probability: {
    feed: () => 'log',
    check: inClasses,
    weigh: ({ index }, weight, spread) => spread(index, weight),
  },
  channel: {
    feed: linear,
    check: ({ channel }, place) => inside(channel, place.shape[0]!, 'channel', said(place)),
    weigh: ({ channel }, weight, spread) => spread(channel, weight),
  },
  neuron: {
    feed: linear,
    check({ channel, row = 0, column = 0 }, place) {
      const [channels = 1, height = 1, width = 1] = place.shape;
      inside(channel, channels, 'channel', said(place));
      inside(row, height, 'row', said(place));
      inside(column, width, 'column', said(place));
    },
    weigh(term, weight, _spread, { shape }, weights) {
      const [channels = 1, height = 1, width = 1] = shape;
      const { row = Math.floor(height / 2), column = Math.floor(width / 2) } = term;
      const at = (term.channel * weights.length) / channels + row * width + column;
      weights[at] = weights[at]! + weight;
    },
  },
  direction: {
    feed: ({ cosine }) => (cosine === undefined ? 'linear' : undefined),
    check({ direction }, place) {
      if (direction.length === place.shape[0]) return;
      throw new LensError(
        'E_ARGUMENT',
        `Expected a direction of ${place.shape[0]} numbers for ${said(place)}, got ${direction.length}.`,
      );
    },
    weigh: ({ direction }, weight, spread) =>
      direction.forEach((value, channel) => spread(channel, weight * value)),
    write: ({ direction, cosine: power = 0 }, writing) => cosine(writing, direction, power),
  },
  layer: { feed: written, write: (_, writing) => meanSquare(writing) },
  match: { feed: written, write: (_, writing) => distance(writing) },
  guide: { feed: written, write: (_, writing) => guided(writing) },
  diversity: { feed: written, write: (_, writing) => diversity(writing) },
};

const kindOf = (term: Term): TermKind<Term> => kinds[term.kind];

const said = ({ name, shape }: Place): string => `${name} (${shape.join(' x ')})`;

function inside(value: number, count: number, what: string, where: string): void {
  if (Number.isInteger(value) && value >= 0 && value < count) return;
  throw new LensError(
    'E_ARGUMENT',
    `Expected a ${what} of ${where} from 0 to ${count - 1}, got ${value}.`,
  );
}

/**
 * Refuses a term whose unit a place does not have.
 *
 * @param term one part of an objective
 * @param place where it looks
 * @throws LensError `E_ARGUMENT`
 */
export function checkTerm(term: Term, place: Place): void {
  kindOf(term).check?.(term, place);
}

/**
 * How a term is fed: as weights of the activation (`linear`) or of its log-softmax (`log`), so that one program
 * serves every unit of a layer and every class. Undefined for terms that are written into the program.
 *
 * @param term one part of an objective
 */
export function feedOf(term: Term): 'linear' | 'log' | undefined {
  return kindOf(term).feed(term);
}

/**
 * Adds the weights that make a fed term the dot product with the activation (or its log-softmax).
 *
 * @param term one part of an objective that is fed
 * @param place where it looks
 * @param weights `[channels, positions...]`; is added to
 */
export function addWeights(term: Term, place: Place, weights: Float32Array): void {
  const positions = weights.length / (place.shape[0] ?? 1);
  const spread: Spread = (channel, value) => {
    const start = channel * positions;
    for (let i = start; i < start + positions; i++) weights[i] = weights[i]! + value / positions;
  };
  kindOf(term).weigh?.(term, term.weight ?? 1, spread, place, weights);
}

/**
 * Writes an objective behind a graph.
 *
 * @param b the graph
 * @param objective what to compute
 * @param placeOf where a term looks
 * @param batch images in a run
 * @param inputs what it reads besides
 * @returns name of the value of each image, `[batch]`
 */
export function writeObjective(
  b: GraphBuilder,
  objective: Objective,
  placeOf: (term: Term) => Place,
  batch: number,
  inputs: ObjectiveInputs,
): string {
  const terms: string[] = [];
  const fed = new Set<string>();
  for (const term of objective) {
    const place = placeOf(term);
    const feed = feedOf(term);
    if (feed === undefined) {
      const { weight = 1 } = term;
      const value = kindOf(term).write!(term, { b, place, batch, inputs });
      terms.push(weight === 1 ? value : b.emit('Mul', [value, weight]));
      continue;
    }
    // Terms of one kind of feed and one value share it.
    const key = `${feed} ${place.value}`;
    if (fed.has(key)) continue;
    fed.add(key);
    const value = feed === 'log' ? b.emit('LogSoftmax', [place.value], { axis: 1 }) : place.value;
    terms.push(
      perImage(b, b.emit('Mul', [value, inputs.weights(feed, place)]), place.shape.length),
    );
  }
  return terms.reduce((total, term) => b.emit('Add', [total, term]));
}
