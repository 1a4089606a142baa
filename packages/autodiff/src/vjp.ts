import {
  cut,
  elementCount,
  GraphBuilder,
  LensError,
  simplify,
  toFloats,
  type DType,
  type Graph,
  type Node,
  type TensorData,
} from '@convlens/onnx';
import { sum } from './algebra.js';
import { checkNames, prepare, type ShapeOptions } from './prepare.js';
import { gapOf, isFlat, ruleOf } from './registry.js';
import type { ReluRule } from './relu-rules.js';
import { Step, type PoolLowering, type RuleOptions } from './rule.js';
import { zeros } from './shaping.js';
import { weightsAsInputs } from './training/weights-as-inputs.js';
import { writeOut } from './training/write-out.js';

/** How to differentiate. */
export interface DifferentiationOptions extends ShapeOptions {
  /** What happens at rectifiers. Default `'backprop'`: the derivative. */
  readonly rule?: ReluRule;
  /** How overlapping max-pooling is reversed. Default `'indices'`. */
  readonly pool?: PoolLowering;
  /** What happens at local response normalisation. Default `'gradient'`; `'identity'` lets the signal pass. */
  readonly lrn?: 'gradient' | 'identity';
  /**
   * What becomes of weights that are variables. `'constants'`, the default: they are weights of the result too, and what
   * depends on them alone is computed. `'inputs'`: they are inputs of the result, after its others and in their order, so that
   * they can change from run to run.
   */
  readonly weights?: 'constants' | 'inputs';
  /** Forward values that shall be outputs too. */
  readonly outputs?: readonly string[];
}

/** Where a cotangent comes from: a new input of the graph, of the value's shape, or a constant. */
export type Cotangent = { readonly input: string } | { readonly constant: TensorData };

/** What to differentiate, and how. */
export interface VjpOptions extends DifferentiationOptions {
  /** Cotangents by the name of the value: any value of the graph. */
  readonly cotangents: Readonly<Record<string, Cotangent>>;
  /** The variables: graph inputs, values in between, or weights. */
  readonly wrt: readonly string[];
}

/** A differentiated graph. */
export interface Differentiated {
  /** Its outputs are the forward values that were asked for, then the gradients in the order of the variables. */
  readonly graph: Graph;
  /** Names of the gradients by the name of the variable: `d_x`, with a number behind it when that is taken. */
  readonly gradients: Readonly<Record<string, string>>;
}

const floats: ReadonlySet<DType> = new Set<DType>(['float16', 'float32', 'float64']);

/**
 * The vector-Jacobian product of a graph, as a graph: sum over all cotangents c of values v of (dv/dx)^T c, for each
 * variable x (reverse mode). Forward values that it needs are computed in the same graph, once; what nothing needs is
 * not computed. A variable that no value with a cotangent depends on has a gradient of zeros.
 *
 * The result is of version 17 of the operator set (or the graph's, when newer), with numbers for all shapes: an open
 * batch becomes `batch`. It has the inputs of the graph that the values with cotangents and `outputs` depend on, used
 * or not, then those of the cotangents.
 *
 * @param graph any graph whose shapes can be inferred
 * @param options what to differentiate
 * @throws LensError `E_OP_UNSUPPORTED` when an operator on the way has no derivative here; `E_VALUE_UNKNOWN`;
 * `E_SHAPE` when shapes are open or a cotangent has another one; `E_ARGUMENT` when names collide or a variable is no
 * float
 */
export function vjp(graph: Graph, options: VjpOptions): Differentiated {
  return pullBack(graph, options, options.cotangents);
}

/** Besides the cotangents that can be given: 1, for a value of one element. */
type Seed = Cotangent | 'one';

function pullBack(
  graph: Graph,
  options: Omit<VjpOptions, 'cotangents'>,
  cotangents: Readonly<Record<string, Seed>>,
): Differentiated {
  const { wrt, outputs = [] } = options;
  const seeds = Object.keys(cotangents);
  if (seeds.length === 0) throw new LensError('E_ARGUMENT', 'vjp: give at least one cotangent.');
  if (wrt.length === 0)
    throw new LensError('E_ARGUMENT', 'vjp: give at least one variable in wrt.');
  checkNames(graph, seeds, 'cotangents');
  checkNames(graph, wrt, 'wrt');
  checkNames(graph, outputs, 'outputs');
  const forward = [...new Set([...seeds, ...outputs])];
  const variables = [...new Set(wrt)];
  const opened =
    options.weights === 'inputs'
      ? weightsAsInputs(
          graph,
          variables.filter((name) => graph.initializers.has(name)),
        ).graph
      : graph;
  const { graph: ready, weights } = prepare(opened, forward, variables, options);
  const b = new GraphBuilder(ready, { known: weights });
  for (const name of variables) {
    if (floats.has(b.dtype(name))) continue;
    throw new LensError('E_ARGUMENT', `wrt: "${name}" is of type ${b.dtype(name)}, not a float.`);
  }
  const gradients = differentiateNodes(b, ready, options, cotangents, variables);
  const named = variables.map((name) => {
    b.scope = `d_${name}`;
    const value = gradients.get(name) ?? zeros(b, b.shape(name), name);
    return [name, b.named(value, `d_${name}`)] as const;
  });
  const results = [...new Set([...outputs, ...named.map(([, gradient]) => gradient)])];
  const whole = writeOut(restoreWeights(b.finish(results), weights));
  return { graph: trim(whole, results, cut(ready, forward)), gradients: Object.fromEntries(named) };
}

/**
 * The gradient of a scalar with respect to variables, as a graph whose first output is the scalar itself.
 *
 * @param graph any graph whose shapes can be inferred
 * @param options the scalar `of` (a value of one element), the variables `wrt`, and how
 * @throws LensError as `vjp`; `E_SHAPE` when `of` has more than one element
 */
export function differentiate(
  graph: Graph,
  options: DifferentiationOptions & { readonly of: string; readonly wrt: readonly string[] },
): Differentiated & { readonly value: string } {
  const { of, outputs = [] } = options;
  checkNames(graph, [of], 'of');
  const result = pullBack(graph, { ...options, outputs: [of, ...outputs] }, { [of]: 'one' });
  return { ...result, value: of };
}

/** Sends the cotangents back through the nodes; returns those of the variables that anything reached. */
function differentiateNodes(
  b: GraphBuilder,
  graph: Graph,
  options: DifferentiationOptions,
  cotangents: Readonly<Record<string, Seed>>,
  variables: readonly string[],
): Map<string, string> {
  const { rule = 'backprop', pool = 'indices', lrn = 'gradient' } = options;
  const choices: RuleOptions = { rule, pool, lrn };
  const active = reach(b, graph.nodes, variables);
  const seeds = Object.entries(cotangents).filter(([name]) => active.has(name));
  const nodes = pathNodes(graph.nodes, active, new Set(seeds.map(([name]) => name)));
  const terms = new Map<string, string[]>();
  for (const [name, cotangent] of Object.entries(cotangents)) {
    const seed = seedOf(b, name, cotangent);
    if (active.has(name)) terms.set(name, [seed]);
  }
  const total = (name: string): string | undefined => {
    const list = terms.get(name);
    if (!list) return undefined;
    if (list.length === 1) return list[0];
    b.scope = `d_${name}`;
    const added = sum(b, list);
    terms.set(name, [added]);
    return added;
  };
  for (const node of nodes) {
    const arriving = node.outputs.map((name) => total(name));
    if (arriving.every((name) => name === undefined)) continue;
    b.scope = `d_${node.name}`;
    const step = new Step(node, b, choices, arriving, (name) => active.has(name));
    ruleOf(node.op)!(step).forEach((term, index) => {
      const name = node.inputs[index]!;
      if (term === undefined || !step.needs(index)) return;
      const list = terms.get(name);
      if (list) list.push(term);
      else terms.set(name, [term]);
    });
  }
  const result = new Map<string, string>();
  for (const name of variables) {
    const gradient = total(name);
    if (gradient !== undefined) result.set(name, gradient);
  }
  return result;
}

/** The values that depend on the variables in a way that has a derivative. */
function reach(b: GraphBuilder, nodes: readonly Node[], variables: readonly string[]): Set<string> {
  const active = new Set(variables);
  for (const { op, domain, inputs, outputs } of nodes) {
    if ((domain === '' && isFlat(op)) || !inputs.some((name) => active.has(name))) continue;
    for (const name of outputs) if (name && floats.has(b.dtype(name))) active.add(name);
  }
  return active;
}

/** The nodes between the variables and the cotangents, last first. */
function pathNodes(
  nodes: readonly Node[],
  active: ReadonlySet<string>,
  seeds: ReadonlySet<string>,
): Node[] {
  const wanted = new Set(seeds);
  const path = nodes.toReversed().filter(({ op, domain, inputs, outputs }) => {
    if (domain === '' && isFlat(op)) return false;
    if (!outputs.some((name) => wanted.has(name))) return false;
    const sources = inputs.filter((name) => active.has(name));
    for (const name of sources) wanted.add(name);
    return sources.length > 0;
  });
  const missing = path.filter(({ op, domain }) => domain !== '' || !ruleOf(op));
  const [first] = missing;
  if (!first) return path;
  const label = ({ op, domain }: Node): string => (domain ? `${domain}.${op}` : op);
  const others = [...new Set(missing.map(label))].filter((op) => op !== label(first));
  const more = others.length > 0 ? ` Nor has it one for ${others.join(', ')}.` : '';
  const gap = first.domain === '' ? gapOf(first.op) : undefined;
  const why = gap === undefined ? '' : ` (${gap})`;
  throw new LensError(
    'E_OP_UNSUPPORTED',
    `The node "${first.name}" uses the operator ${label(first)}, for which Convlens has no derivative${why}.${more} Choose a layer whose value does not pass through it.`,
  );
}

function seedOf(b: GraphBuilder, name: string, cotangent: Seed): string {
  const shape = b.shape(name);
  const dtype = b.dtype(name);
  if (cotangent === 'one') {
    if (elementCount(shape) === 1) return b.constant(toFloats([1], shape, dtype), 'one');
    throw new LensError(
      'E_SHAPE',
      `differentiate: "${name}" must have one element, but its shape is [${shape.join(', ')}]. Use vjp, or make a scalar of it with objective.`,
    );
  }
  if ('constant' in cotangent) {
    const { constant } = cotangent;
    const same = constant.shape.length === shape.length;
    if (same && constant.dtype === dtype && shape.every((n, axis) => n === constant.shape[axis])) {
      return b.constant(constant, `cotangent_${name}`);
    }
    throw new LensError(
      'E_SHAPE',
      `The cotangent of "${name}" must be ${dtype} of shape [${shape.join(', ')}], but is ${constant.dtype} of shape [${constant.shape.join(', ')}].`,
    );
  }
  return b.input(cotangent.input, shape, dtype);
}

/** Weights that were variables are constants again. */
function restoreWeights(graph: Graph, weights: ReadonlyMap<string, TensorData>): Graph {
  const inputs = graph.inputs.filter(({ name }) => !weights.has(name));
  return { ...graph, inputs, initializers: new Map([...graph.initializers, ...weights]) };
}

/** Only what the results need, and the inputs that the forward values depend on. */
function trim(graph: Graph, results: readonly string[], forward: Graph): Graph {
  const { inputs, ...rest } = simplify(cut(graph, results), { keep: results });
  const own = new Set(inputs.map(({ name }) => name));
  const asked = new Set(forward.inputs.map(({ name }) => name));
  return { ...rest, inputs: graph.inputs.filter(({ name }) => own.has(name) || asked.has(name)) };
}
