import type { Node, ValueInfo } from '../graph.js';
import { callOf } from '../infer-shapes.js';
import { ruleOf } from '../ops/registry.js';
import type { TensorData } from '../tensor.js';

/** Types and shapes of the values of a graph that is being built, worked out when they are asked for. */
export class Infos {
  readonly values: Map<string, ValueInfo>;
  readonly #opset: number;
  readonly #nodes: readonly Node[];
  readonly #initializers: ReadonlyMap<string, TensorData>;
  /** How many of the nodes have told the shapes of their outputs. */
  #told = 0;

  /**
   * @param values what is known
   * @param opset version of the operator set
   * @param nodes the nodes, which become more
   * @param initializers the constants, which become more
   */
  constructor(
    values: ReadonlyMap<string, ValueInfo>,
    opset: number,
    nodes: readonly Node[],
    initializers: ReadonlyMap<string, TensorData>,
  ) {
    this.values = new Map(values);
    this.#opset = opset;
    this.#nodes = nodes;
    this.#initializers = initializers;
  }

  /**
   * Type and shape of a value, as far as they can be known.
   *
   * @param name the value
   */
  of(name: string): ValueInfo | undefined {
    const known = this.get(name);
    if (known?.shape) return known;
    this.tellAll();
    return this.get(name);
  }

  /** What is known of a value so far. */
  get(name: string): ValueInfo | undefined {
    const tensor = this.#initializers.get(name);
    return tensor ? { name, dtype: tensor.dtype, shape: tensor.shape } : this.values.get(name);
  }

  /** Lets all nodes tell the shapes of their outputs. */
  tellAll(): void {
    while (this.#told < this.#nodes.length) this.tell(this.#nodes[this.#told++]!);
  }

  /**
   * Lets a node tell the shapes of its outputs.
   *
   * @param node the node
   */
  tell(node: Node): void {
    const rule = node.domain === '' ? ruleOf(node.op) : undefined;
    if (!rule || node.outputs.every((name) => !name || this.values.get(name)?.shape)) return;
    const call = callOf(node, this.#opset, this, this.#initializers);
    if (!call) return;
    rule.infer(call).forEach((typed, i) => {
      const name = node.outputs[i];
      if (name && !this.values.get(name)?.shape) this.values.set(name, { name, ...typed });
    });
  }
}
