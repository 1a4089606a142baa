import { intAttribute, intsAttribute } from '../attributes.js';
import { LensError, type ErrorCode } from '../errors.js';
import type { Dim, Node } from '../graph.js';
import type { Operand } from '../operand.js';
import type { DType } from '../tensor.js';
import type { Facts } from './facts.js';

/** Type and shape of a value; the shape is `undefined` when even the rank is unknown. */
export interface Typed {
  readonly dtype: DType;
  readonly shape: readonly Dim[] | undefined;
}

/** What is known of a node's input: its shape always, its elements sometimes. */
export interface Input extends Typed {
  readonly shape: readonly Dim[];
  readonly constant: Operand | undefined;
}

/** A node with what is known of its inputs. */
export interface Call {
  readonly node: Node;
  /** Version of the operator set. */
  readonly opset: number;
  /** `undefined` where an optional input is left out. */
  readonly inputs: readonly (Input | undefined)[];
}

/** What Convlens knows of an operator: its row. */
export interface Rule extends Facts {
  /** Type and shape of the outputs, from those of the inputs. */
  readonly infer: (call: Call) => readonly Typed[];
  /** The outputs' elements depend on the inputs' shapes alone. */
  readonly onlyShapes?: true;
  /**
   * The outputs' elements; called only when the elements of all inputs are known, unless `onlyShapes`. `undefined`
   * when they cannot be computed.
   */
  readonly evaluate?: (call: Call) => Operand | readonly Operand[] | undefined;
}

/** Rules by operator name. */
export type Rules = Readonly<Record<string, Rule>>;

/**
 * Raises an error about a node.
 *
 * @param call the node
 * @param text what was expected and what was got
 * @param code stable code
 * @throws LensError always
 */
export function fail(call: Call, text: string, code: ErrorCode = 'E_SHAPE'): never {
  throw new LensError(code, `${call.node.op} "${call.node.name}": ${text}`);
}

/**
 * An input that the operator cannot do without.
 *
 * @param call the node
 * @param index which input
 * @throws LensError `E_ONNX_INVALID` when it is left out
 */
export function input(call: Call, index: number): Input {
  return (
    call.inputs[index] ??
    fail(call, `the node has no input ${index + 1}, which the operator needs.`, 'E_ONNX_INVALID')
  );
}

/**
 * The elements of an input, for `evaluate`, which is called only when they are known.
 *
 * @param call the node
 * @param index which input
 * @throws LensError `E_ONNX_INVALID` when it is left out
 */
export function elementsOf(call: Call, index: number): Operand {
  return input(call, index).constant!;
}

/**
 * The elements of all inputs, for `evaluate` of operators that leave none out.
 *
 * @param call the node
 */
export function allElements(call: Call): Operand[] {
  return call.inputs.map((_, index) => elementsOf(call, index));
}

/**
 * The shape of an input that has a least rank.
 *
 * @param call the node
 * @param index which input
 * @param least the least rank
 * @throws LensError `E_SHAPE`
 */
export function shapeOf(call: Call, index: number, least = 0): readonly Dim[] {
  const { shape } = input(call, index);
  if (shape.length >= least) return shape;
  return fail(
    call,
    `input ${index + 1} must have at least ${least} axes, but its shape is ${show(shape)}.`,
  );
}

/**
 * An integer attribute.
 *
 * @param call the node
 * @param name the attribute
 * @param fallback its default
 */
export function int(call: Call, name: string, fallback: number): number {
  return intAttribute(call.node, name, fallback);
}

/**
 * A list that is an attribute in old operator sets and an input in new ones. Elements that are only known at run
 * time are symbols; `undefined` when nothing is known or the list is not there.
 *
 * @param call the node
 * @param name the attribute
 * @param index the input
 */
export function list(call: Call, name: string, index: number): readonly Dim[] | undefined {
  const attribute = intsAttribute(call.node, name, undefined);
  if (attribute) return attribute;
  const constant = call.inputs[index]?.constant;
  return constant && Array.from(constant.data, (v) => (typeof v === 'string' ? v : Number(v)));
}

/**
 * As `list`, for lists whose elements must all be known, such as axes.
 *
 * @param call the node
 * @param name the attribute
 * @param index the input
 * @throws LensError `E_SHAPE` when the input is there but is not a constant
 */
export function numbers(call: Call, name: string, index: number): readonly number[] | undefined {
  const found = list(call, name, index);
  if (found?.every((v) => typeof v === 'number')) return found;
  if (!found && !call.inputs[index]) return undefined;
  return fail(
    call,
    `its ${name} are computed from the input, so shapes cannot be known; they must be constant.`,
  );
}

/**
 * An axis counted from the front.
 *
 * @param call the node
 * @param value axis, negative when counted from the end
 * @param rank number of axes
 * @throws LensError `E_SHAPE` when there is no such axis
 */
export function axisOf(call: Call, value: number, rank: number): number {
  const axis = value < 0 ? value + rank : value;
  if (axis >= 0 && axis < Math.max(rank, 1)) return axis;
  return fail(call, `there is no axis ${value}: the input has ${rank} axes.`);
}

/**
 * A name for an extent of the node's output that is only known at run time.
 *
 * @param call the node
 * @param axis which axis of the output
 */
export function unknownDim(call: Call, axis: number): string {
  return `${call.node.outputs.find(Boolean) ?? call.node.name}.${axis}`;
}

/**
 * A shape for messages: `[N, 3, 224, 224]`.
 *
 * @param shape extents
 */
export function show(shape: readonly Dim[]): string {
  return `[${shape.join(', ')}]`;
}

/**
 * Whether the output has the shape of the first input. Equal symbols are equal extents, so this proves it for dynamic
 * shapes too.
 *
 * @param call a node whose elements stay in order
 * @param output type and shape of its output
 */
export function keepsShape(call: Call, { shape: out }: Typed): boolean {
  const { shape } = input(call, 0);
  return shape.length === out?.length && shape.every((extent, axis) => extent === out[axis]);
}

/** Infers that the only output has type and shape of the first input. */
export const likeFirst: Rule['infer'] = (call) => {
  const { dtype, shape } = input(call, 0);
  return [{ dtype, shape }];
};
