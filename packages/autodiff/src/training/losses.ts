import { intAttribute, stringAttribute, type Node } from '@convlens/onnx';
import { choose, compare, divide, multiply, unary } from '../algebra.js';
import type { GraphBuilder } from '@convlens/onnx';
import { reduce, reshape } from '../shaping.js';

/**
 * What NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss have in common: scores `[batch, classes, ...positions]`, a class for
 * each position, weights of the classes, a class that is ignored, and how the losses are put together.
 */
export class Loss {
  readonly b: GraphBuilder;
  readonly node: Node;
  readonly #scores: readonly number[];

  /**
   * @param b where to emit
   * @param node the loss
   */
  constructor(b: GraphBuilder, node: Node) {
    this.b = b;
    this.node = node;
    this.#scores = b.shape(node.inputs[0]!);
  }

  get #one(): readonly number[] {
    return this.#scores.map((extent, axis) => (axis === 1 ? 1 : extent));
  }

  get #perClass(): readonly number[] {
    return this.#scores.map((extent, axis) => (axis === 1 ? extent : 1));
  }

  /**
   * True at the class of each position: `[batch, classes, ...positions]`. Classes are compared as floats, which are exact up to
   * 2^24 and which every runtime compares.
   */
  hit(): string {
    const { b, node } = this;
    const [x, target] = node.inputs as [string, string];
    const numbers = b.cast(target, b.dtype(x));
    const classes = Array.from({ length: this.#scores[1]! }, (_, i) => i);
    const names = b.numbers(classes, this.#perClass, x, 'classes');
    return compare(b, 'Equal', reshape(b, numbers, this.#one), names);
  }

  /** What each position counts, `[batch, 1, ...positions]`: its class's weight, 0 where it is ignored. */
  weights(): string {
    const { b, node } = this;
    const [x, , given] = node.inputs as [string, string, string?];
    const ignored = intAttribute(node, 'ignore_index', undefined);
    const live = Float32Array.from({ length: this.#scores[1]! }, (_, i) => (i === ignored ? 0 : 1));
    // A class outside of those that there are is no hit anywhere, so that it counts nothing.
    let row = b.numbers(live, this.#perClass, x, 'counted');
    if (given) row = multiply(b, reshape(b, given, this.#perClass), row);
    return reduce(b, 'ReduceSum', choose(b, this.hit(), row, 0), [1]);
  }

  /**
   * The loss of log probabilities.
   *
   * @param logs `[batch, classes, ...positions]`
   */
  of(logs: string): string {
    const { b } = this;
    // Chosen, not multiplied: a class without any chance has -Infinity.
    const own = reduce(b, 'ReduceSum', choose(b, this.hit(), logs, 0), [1]);
    const weights = this.weights();
    const each = unary(b, 'Neg', multiply(b, own, weights));
    const kind = stringAttribute(this.node, 'reduction', 'mean');
    if (kind === 'none') return reshape(b, each, this.#positions);
    const total = this.#total(each);
    return kind === 'sum' ? total : divide(b, total, this.#total(weights));
  }

  get #positions(): readonly number[] {
    return this.#scores.filter((_, axis) => axis !== 1);
  }

  #total(x: string): string {
    return reduce(this.b, 'ReduceSum', x, [...this.#scores.keys()], false);
  }

  /**
   * The cotangent of each position's weighted loss, `[batch, 1, ...positions]`.
   *
   * @param dy cotangent of the loss
   */
  spread(dy: string): string {
    const { b } = this;
    const weights = this.weights();
    const kind = stringAttribute(this.node, 'reduction', 'mean');
    if (kind === 'none') return multiply(b, weights, reshape(b, dy, this.#one));
    const each = kind === 'sum' ? dy : divide(b, dy, this.#total(weights));
    return multiply(b, weights, each);
  }
}
