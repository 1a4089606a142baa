import { LensError, type GraphBuilder, type Node } from '@convlens/onnx';
import type { ReluRule } from './relu-rules.js';

/**
 * How overlapping max-pooling is reversed: `indices` needs MaxPool's second output and ScatterElements (fast on the
 * CPU), `portable` only convolutions and comparisons (WebGPU has no second output of MaxPool).
 */
export type PoolLowering = 'indices' | 'portable';

/** Choices that rules look at. */
export interface RuleOptions {
  readonly rule: ReluRule;
  readonly pool: PoolLowering;
  readonly lrn: 'gradient' | 'identity';
}

/** One node that is being differentiated. */
export class Step {
  readonly node: Node;
  readonly b: GraphBuilder;
  readonly options: RuleOptions;
  /** Cotangents of the outputs; `undefined` where nothing depends on one. */
  readonly cotangents: readonly (string | undefined)[];
  private readonly active: (name: string) => boolean;

  /**
   * @param node the node
   * @param b where to emit
   * @param options choices
   * @param cotangents of the outputs
   * @param active whether a value's cotangent is wanted
   */
  constructor(
    node: Node,
    b: GraphBuilder,
    options: RuleOptions,
    cotangents: readonly (string | undefined)[],
    active: (name: string) => boolean,
  ) {
    this.node = node;
    this.b = b;
    this.options = options;
    this.cotangents = cotangents;
    this.active = active;
  }

  /**
   * Name of an input.
   *
   * @param index which
   * @throws LensError `E_ONNX_INVALID` when it is left out
   */
  x(index = 0): string {
    const name = this.node.inputs[index];
    if (name) return name;
    throw new LensError(
      'E_ONNX_INVALID',
      `${this.node.op} "${this.node.name}": it has no input ${index + 1}, which the operator needs.`,
    );
  }

  /**
   * Whether the cotangent of an input is wanted.
   *
   * @param index which
   */
  needs(index: number): boolean {
    const name = this.node.inputs[index];
    return name !== undefined && name !== '' && this.active(name);
  }

  /**
   * Shape of an input.
   *
   * @param index which
   */
  shape(index = 0): readonly number[] {
    return this.b.shape(this.x(index));
  }

  /** Name of the first output. */
  get y(): string {
    return this.node.outputs[0]!;
  }

  /**
   * Cotangent of the first output.
   *
   * @throws LensError `E_OP_UNSUPPORTED` when only other outputs have one
   */
  get dy(): string {
    return this.cotangents[0] ?? this.refuse('only its first output can be differentiated.');
  }

  /**
   * The elements of an input that must be constant.
   *
   * @param index which
   * @returns `undefined` when it is left out
   * @throws LensError `E_OP_UNSUPPORTED` when it is computed
   */
  list(index: number): number[] | undefined {
    const name = this.node.inputs[index];
    if (!name) return undefined;
    const tensor = this.b.elements(name);
    if (tensor) return Array.from(tensor.data as ArrayLike<number>, Number);
    return this.refuse(
      `its input "${name}" is computed from the graph's inputs; it must be constant.`,
    );
  }

  /**
   * Says that the node cannot be differentiated.
   *
   * @param why what is not supported
   * @throws LensError `E_OP_UNSUPPORTED` always
   */
  refuse(why: string): never {
    throw new LensError(
      'E_OP_UNSUPPORTED',
      `Cannot differentiate ${this.node.op} "${this.node.name}": ${why}`,
    );
  }
}

/**
 * Emits the cotangents of a node's inputs, given those of its outputs. The list may be shorter than the inputs;
 * `undefined` is zero. Cotangents that are not wanted may be given, but cost work.
 */
export type Rule = (step: Step) => readonly (string | undefined)[];

/** Rules by operator. */
export type Rules = Readonly<Record<string, Rule>>;
