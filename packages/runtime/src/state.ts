import {
  inferShapes,
  LensError,
  valueNames,
  type Graph,
  type TensorData,
  type ValueInfo,
} from '@convlens/onnx';
import type { Program, Tensors } from './executor.js';
import { weightsOf } from './weights.js';

/** Which values a program keeps between runs. */
export interface StateOptions {
  /**
   * What becomes of the graph's weights. `'constants'`, the default: they are part of the program, which may fold and rewrite
   * them. `'inputs'`: all that `weightsOf` finds are given once, when the graph is prepared, and can be replaced. A list of
   * names: these only.
   */
  readonly weights?: 'constants' | 'inputs' | readonly string[];
  /**
   * What a run hands to the next one: by the name of an input or weight, the output whose value it has from then on. An input
   * must be written before the first run; a weight begins as it is.
   */
  readonly carry?: Readonly<Record<string, string>>;
}

/** A value that a program keeps. */
export interface StateValue extends ValueInfo {
  /** What it is before the first run; `undefined` where it must be written. */
  readonly initial: TensorData | undefined;
  /** The output whose value it has after a run; `undefined` where it stays until it is written. */
  readonly from: string | undefined;
}

/** A graph with state: the values of its state are the last of its inputs. */
export interface StatefulGraph {
  readonly graph: Graph;
  readonly state: readonly StateValue[];
}

/**
 * A program with state, which stays where the runtime computes. Calls take effect in the order in which they are made. It
 * computes in float32, whatever the runtime may do elsewhere: what is carried adds up its errors.
 */
export interface StatefulProgram extends Program {
  /**
   * Runs the graph once and hands on what is carried. When it fails, the state stays what it was before.
   *
   * @param feeds one tensor for every input of the graph that is not state
   * @param outputs the graph outputs wanted; without it those that are not carried
   * @throws LensError `E_ARGUMENT` when state is fed or was never written; as `Program.run`
   */
  run(feeds: Tensors, outputs?: readonly string[]): Promise<Record<string, TensorData>>;
  /**
   * Copies of values of the state, as the last run left them.
   *
   * @param names which; all that have a value when left out
   * @throws LensError `E_VALUE_UNKNOWN`; `E_ARGUMENT` for one that was never written
   */
  read(names?: readonly string[]): Promise<Record<string, TensorData>>;
  /**
   * Replaces values of the state; the caller keeps the tensors. All of them or, when one does not fit, none.
   *
   * @param values by name
   * @throws LensError `E_VALUE_UNKNOWN`, `E_SHAPE`
   */
  write(values: Tensors): Promise<void>;
  /** Frees the program and its state, after the runs that were asked for before. */
  dispose(): Promise<void>;
}

const same = (one: readonly unknown[], other: readonly unknown[]): boolean =>
  one.length === other.length && one.every((extent, axis) => extent === other[axis]);

const typeText = (dtype: string, shape: ValueInfo['shape']): string =>
  `${dtype} [${shape?.join(', ') ?? '?'}]`;

/**
 * Makes a graph one with state.
 *
 * @param graph any graph
 * @param options what it keeps
 * @throws LensError `E_VALUE_UNKNOWN` for names that the graph does not have as what they are given as; `E_SHAPE` when an
 * output does not fit the input that it is carried to
 */
export function statefulGraph(graph: Graph, options: StateOptions): StatefulGraph {
  const { weights = 'constants', carry = {} } = options;
  const opened =
    weights === 'constants' ? [] : weights === 'inputs' ? weightsOf(graph) : [...weights];
  const names = [...new Set([...opened, ...Object.keys(carry)])];
  const typed = Object.keys(carry).length > 0 ? inferShapes(graph) : graph;
  const inputs = new Map(graph.inputs.map((info) => [info.name, info]));
  const initializers = new Map(graph.initializers);
  const state = names.map((name): StateValue => {
    const initial = initializers.get(name);
    initializers.delete(name);
    const from = carry[name];
    const declared = initial ? { name, ...typeOf(initial) } : from ? inputs.get(name) : undefined;
    if (!declared) {
      const what =
        from === undefined
          ? 'weights: the graph has no weight'
          : 'carry: the graph has no input or weight';
      throw new LensError('E_VALUE_UNKNOWN', `${what} "${name}".`);
    }
    const { dtype, shape } = declared;
    if (from !== undefined) checkCarried(typed, declared, from);
    return { name, dtype, shape, initial, from };
  });
  const kept = new Set(names);
  const rest = graph.inputs.filter(({ name }) => !kept.has(name));
  const asInputs = state.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
  return { graph: { ...graph, initializers, inputs: [...rest, ...asInputs] }, state };
}

function typeOf({ dtype, shape }: TensorData): Omit<ValueInfo, 'name'> {
  return { dtype, shape };
}

function checkCarried(graph: Graph, to: ValueInfo, from: string): void {
  const output = graph.outputs.find(({ name }) => name === from);
  if (!output) {
    const what = valueNames(graph).has(from) ? 'is not an output of the graph' : 'is not there';
    throw new LensError('E_VALUE_UNKNOWN', `carry: "${from}", for "${to.name}", ${what}.`);
  }
  const fits =
    output.dtype === to.dtype && (!output.shape || !to.shape || same(output.shape, to.shape));
  if (fits) return;
  throw new LensError(
    'E_SHAPE',
    `carry: "${from}" is ${typeText(output.dtype, output.shape)}, but "${to.name}" is ${typeText(to.dtype, to.shape)}.`,
  );
}

/**
 * The value of a state with a name.
 *
 * @param state the state
 * @param name a name
 * @throws LensError `E_VALUE_UNKNOWN`
 */
export function stateValue(state: readonly StateValue[], name: string): StateValue {
  const found = state.find((value) => value.name === name);
  if (found) return found;
  throw new LensError('E_VALUE_UNKNOWN', `The program keeps no value "${name}".`);
}

/**
 * Checks that a tensor can be written to a value of a state.
 *
 * @param to the value
 * @param tensor what is to be written
 * @throws LensError `E_SHAPE`
 */
export function checkWritten(to: StateValue, { dtype, shape, data }: TensorData): void {
  const fits =
    dtype === to.dtype &&
    (!to.shape ||
      (shape.length === to.shape.length &&
        to.shape.every((extent, axis) => typeof extent === 'string' || extent === shape[axis])));
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (fits && data.length === count) return;
  throw new LensError(
    'E_SHAPE',
    `"${to.name}" is ${typeText(to.dtype, to.shape)}, but was given ${typeText(dtype, shape)} with ${data.length} elements.`,
  );
}
