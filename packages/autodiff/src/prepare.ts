import {
  cut,
  inferShapes,
  LensError,
  simplify,
  valueNames,
  type Dim,
  type Graph,
  type TensorData,
} from '@convlens/onnx';
import { chainConcats } from './concat-chains.js';
import { markTraining, upgrade } from './upgrade.js';

/** Shapes of the inputs, where the graph leaves them open. */
export interface ShapeOptions {
  /** Images in a batch, where the graph leaves it open. Default 1. */
  readonly batch?: number;
  /** Shapes of inputs by name; they go before those in the graph. */
  readonly inputs?: Readonly<Record<string, readonly Dim[]>>;
}

/** A graph that is ready to be differentiated. */
export interface Prepared {
  /** Of version 17 or newer, simplified, with numbers for all shapes; the variables are among its inputs. */
  readonly graph: Graph;
  /** The variables that are weights. */
  readonly weights: ReadonlyMap<string, TensorData>;
}

/**
 * Says which names a graph does not have.
 *
 * @param graph any graph
 * @param names names of values
 * @param what what they were given as
 * @throws LensError `E_VALUE_UNKNOWN`
 */
export function checkNames(graph: Graph, names: Iterable<string>, what: string): void {
  const known = valueNames(graph);
  for (const name of names) {
    if (known.has(name)) continue;
    throw new LensError('E_VALUE_UNKNOWN', `${what}: the graph has no value "${name}".`);
  }
}

/**
 * Brings a graph into the form that rules can work with.
 *
 * @param graph any graph
 * @param needed names of values that must stay
 * @param variables names of values to differentiate with respect to
 * @param shapes shapes of the inputs
 * @throws LensError `E_VALUE_UNKNOWN`, `E_SHAPE`, `E_OP_UNSUPPORTED`
 */
export function prepare(
  graph: Graph,
  needed: readonly string[],
  variables: readonly string[],
  { batch = 1, inputs = {} }: ShapeOptions,
): Prepared {
  checkNames(graph, Object.keys(inputs), 'inputs');
  const part = cut(markTraining(graph), [...new Set([...needed, ...variables])]);
  const weights = new Map<string, TensorData>();
  const initializers = new Map(part.initializers);
  for (const name of variables) {
    const tensor = initializers.get(name);
    if (!tensor) continue;
    weights.set(name, tensor);
    initializers.delete(name);
  }
  // As inputs, weights that are variables are neither folded nor merged into others.
  const asInputs = [...weights].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const open = { ...part, initializers, inputs: [...part.inputs, ...asInputs] };
  const used = new Set(open.inputs.map(({ name }) => name));
  const relevant = Object.fromEntries(Object.entries(inputs).filter(([name]) => used.has(name)));
  const typed = upgrade(inferShapes(open, { batch, inputs: relevant }));
  const outputs = typed.outputs.filter(({ name }) => !weights.has(name));
  return { graph: chainConcats(simplify({ ...typed, outputs })), weights };
}
