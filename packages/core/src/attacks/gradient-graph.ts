import { vjp, type PoolLowering } from '@convlens/autodiff';
import type { Network } from '@convlens/adapters';
import { GraphBuilder, inferShapes, type Graph } from '@convlens/onnx';
import type { ClassifierObjective } from './classifier.js';

/** Names of the inputs that a gradient graph may have besides the image. */
export const GRADIENT_INPUTS = {
  /** float32 `[batch, classes]`: 1 at the class of each image. */
  label: 'convlens_label',
  /** float32 `[batch, classes]`: 1 at the class to reach. */
  target: 'convlens_target',
  /** float32, of the logits' shape: weights of the logits. */
  weights: 'convlens_weights',
} as const;

/** Subtracted from the score of a class that shall not be the highest. */
const FAR = 1e9;

/** A graph that gives logits and the gradient of a loss, in one run. */
export interface GradientGraph {
  readonly graph: Graph;
  readonly logits: string;
  /** Gradient with respect to the network's input. */
  readonly gradient: string;
}

/**
 * The differentiated graph of a loss. What goes back from the logits is computed in the graph itself, so that a step of
 * an attack is one run: a forward pass and a backward one.
 *
 * @param network the network, with class scores
 * @param kind loss, or weights of the logits as an input
 * @param towards whether the logits ratio is that towards a class
 * @param batch images in a run
 * @param pool how max-pooling is differentiated
 * @throws LensError as `vjp` does
 */
export function gradientGraph(
  network: Network,
  kind: ClassifierObjective['kind'],
  towards: boolean,
  batch: number,
  pool: PoolLowering,
): GradientGraph {
  const { value: logits, classes } = network.logits!;
  const input = network.input.name;
  const { graph, gradients } = vjp(network.graph, {
    cotangents: { [logits]: { input: GRADIENT_INPUTS.weights } },
    wrt: [input],
    pool,
    outputs: [logits],
    batch,
  });
  const gradient = gradients[input]!;
  if (kind === 'weights') return { graph, logits, gradient };
  const shape = graph.inputs.find(({ name }) => name === GRADIENT_INPUTS.weights)!
    .shape as number[];
  const writer = new SeedWriter(graph, [batch, classes]);
  const { b } = writer;
  const scores = b.emit('Reshape', [logits], { shape: [batch, classes] });
  const seed = writer.seed(kind, scores, towards);
  b.emit('Reshape', [seed], { shape }, GRADIENT_INPUTS.weights);
  return { graph: inferShapes(b.finish()), logits, gradient };
}

/** Writes the nodes between the logits and what goes back from them. */
class SeedWriter {
  readonly b: GraphBuilder;
  readonly #extents: readonly [number, number];

  constructor(graph: Graph, extents: readonly [number, number]) {
    // The weights of the logits are computed instead of fed.
    const inputs = graph.inputs.filter(({ name }) => name !== GRADIENT_INPUTS.weights);
    this.b = new GraphBuilder({ ...graph, inputs }, { scope: 'convlens_loss' });
    this.#extents = extents;
  }

  /** The gradient of the loss by the logits z `[batch, classes]`. */
  seed(kind: Exclude<ClassifierObjective['kind'], 'weights'>, z: string, towards: boolean): string {
    const { b } = this;
    const label = b.input(GRADIENT_INPUTS.label, this.#extents);
    const others = b.emit('Sub', [z, b.emit('Mul', [label, FAR])]);
    if (kind === 'cross-entropy') {
      return b.emit('Sub', [b.emit('Softmax', [others], { axis: 1 }), label]);
    }
    if (kind === 'margin') return b.emit('Sub', [this.#at(others, this.#best(others)), label]);
    return this.#ratio(z, label, others, towards);
  }

  /** The quotient rule on (z_o - z_y) / spread. */
  #ratio(z: string, label: string, others: string, towards: boolean): string {
    const { b } = this;
    const other = towards
      ? b.input(GRADIENT_INPUTS.target, this.#extents)
      : this.#at(others, this.#best(others));
    const difference = b.emit('Sub', [other, label]);
    const [sorted] = b.emitAll('TopK', [z], 2, { axis: 1, k: towards ? 4 : 3 }) as [string, string];
    const rank = (at: number): string =>
      this.#at(z, b.emit('Slice', [sorted], { starts: [at], ends: [at + 1], axes: [1] }));
    const low = towards ? b.emit('Mul', [b.emit('Add', [rank(2), rank(3)]), 0.5]) : rank(2);
    const spread = b.emit('Sub', [rank(0), low]);
    const total = (weights: string): string => this.#sum(b.emit('Mul', [weights, z]));
    const size = b.emit('Add', [total(spread), 1e-12]);
    const ratio = b.emit('Div', [total(difference), size]);
    const through = b.emit('Mul', [ratio, spread]);
    return b.emit('Div', [b.emit('Sub', [difference, through]), size]);
  }

  /** 1 where a row has its value; equals share it. */
  #at(z: string, value: string): string {
    const here = this.b.cast(this.b.emit('Equal', [z, value]), 'float32');
    return this.b.emit('Div', [here, this.#sum(here)]);
  }

  /** The largest of each row, `[batch, 1]`. */
  #best(z: string): string {
    return this.b.emit('ReduceMax', [z], { axes: [1] });
  }

  #sum(z: string): string {
    return this.b.emit('ReduceSum', [z], { axes: [1] });
  }
}
