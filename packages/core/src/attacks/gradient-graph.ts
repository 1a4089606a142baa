import { vjp, type PoolLowering } from '@convlens/autodiff';
import type { Network } from '@convlens/adapters';
import {
  float32,
  inferShapes,
  topologicalSort,
  type Graph,
  type Node,
  type TensorData,
} from '@convlens/onnx';
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
  const seed = writer.seed(kind, writer.reshape(logits, [batch, classes]), towards);
  writer.emit('Reshape', [seed, writer.integers(shape)], {}, GRADIENT_INPUTS.weights);
  return { graph: writer.finish(), logits, gradient };
}

/** Writes the nodes between the logits and what goes back from them. */
class SeedWriter {
  readonly #graph: Graph;
  readonly #extents: readonly [number, number];
  readonly #nodes: Node[] = [];
  readonly #initializers: Map<string, TensorData>;
  readonly #inputs: string[] = [];
  #count = 0;

  constructor(graph: Graph, extents: readonly [number, number]) {
    this.#graph = graph;
    this.#extents = extents;
    this.#initializers = new Map(graph.initializers);
  }

  /** The gradient of the loss by the logits z `[batch, classes]`. */
  seed(kind: Exclude<ClassifierObjective['kind'], 'weights'>, z: string, towards: boolean): string {
    const label = this.#input(GRADIENT_INPUTS.label);
    const others = this.emit('Sub', [z, this.emit('Mul', [label, this.#number(FAR)])]);
    if (kind === 'cross-entropy') {
      const axis = { type: 'int', value: 1 } as const;
      return this.emit('Sub', [this.emit('Softmax', [others], { axis }), label]);
    }
    if (kind === 'margin') return this.emit('Sub', [this.#at(others, this.#best(others)), label]);
    return this.#ratio(z, label, others, towards);
  }

  /** The quotient rule on (z_o - z_y) / spread. */
  #ratio(z: string, label: string, others: string, towards: boolean): string {
    const other = towards
      ? this.#input(GRADIENT_INPUTS.target)
      : this.#at(others, this.#best(others));
    const difference = this.emit('Sub', [other, label]);
    const sorted = this.emit('TopK', [z, this.integers([towards ? 4 : 3])], {
      axis: { type: 'int', value: 1 },
    });
    const rank = (at: number): string => {
      const [from, to, axis] = [[at], [at + 1], [1]].map((list) => this.integers(list));
      return this.#at(z, this.emit('Slice', [sorted, from!, to!, axis!]));
    };
    const half = this.#number(0.5);
    const low = towards ? this.emit('Mul', [this.emit('Add', [rank(2), rank(3)]), half]) : rank(2);
    const spread = this.emit('Sub', [rank(0), low]);
    const total = (weights: string): string => this.#sum(this.emit('Mul', [weights, z]));
    const size = this.emit('Add', [total(spread), this.#number(1e-12)]);
    const ratio = this.emit('Div', [total(difference), size]);
    const through = this.emit('Mul', [ratio, spread]);
    return this.emit('Div', [this.emit('Sub', [difference, through]), size]);
  }

  /** 1 where a row has its value; equals share it. */
  #at(z: string, value: string): string {
    const to = { type: 'int', value: 1 } as const;
    const here = this.emit('Cast', [this.emit('Equal', [z, value])], { to });
    return this.emit('Div', [here, this.#sum(here)]);
  }

  /** The largest of each row, `[batch, 1]`; axes are an attribute before version 18. */
  #best(z: string): string {
    const keepdims = { type: 'int', value: 1 } as const;
    if (this.#graph.opset >= 18) {
      return this.emit('ReduceMax', [z, this.integers([1])], { keepdims });
    }
    return this.emit('ReduceMax', [z], { keepdims, axes: { type: 'ints', value: [1] } });
  }

  #sum(z: string): string {
    return this.emit('ReduceSum', [z, this.integers([1])], {
      keepdims: { type: 'int', value: 1 },
    });
  }

  reshape(z: string, shape: readonly number[]): string {
    return this.emit('Reshape', [z, this.integers(shape)]);
  }

  integers(list: readonly number[]): string {
    const data = BigInt64Array.from(list, BigInt);
    return this.#store({ dtype: 'int64', shape: [list.length], data });
  }

  emit(
    op: string,
    inputs: readonly string[],
    attributes: Node['attributes'] = {},
    name = this.#fresh(),
  ): string {
    const outputs = op === 'TopK' ? [name, `${name}_places`] : [name];
    this.#nodes.push({ name: `${name}_node`, op, domain: '', inputs, outputs, attributes });
    return name;
  }

  /** The graph with the seed computed instead of fed. */
  finish(): Graph {
    const { inputs, nodes, ...rest } = this.#graph;
    const added = this.#inputs.map((name) => ({
      name,
      dtype: 'float32' as const,
      shape: this.#extents,
    }));
    return inferShapes({
      ...rest,
      inputs: [...inputs.filter(({ name }) => name !== GRADIENT_INPUTS.weights), ...added],
      nodes: topologicalSort([...nodes, ...this.#nodes]),
      initializers: this.#initializers,
    });
  }

  #input(name: string): string {
    this.#inputs.push(name);
    return name;
  }

  #number(value: number): string {
    return this.#store(float32(Float32Array.of(value), []));
  }

  #store(tensor: TensorData): string {
    const name = this.#fresh();
    this.#initializers.set(name, tensor);
    return name;
  }

  #fresh(): string {
    return `convlens_loss_${this.#count++}`;
  }
}
