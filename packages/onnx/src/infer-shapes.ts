import { LensError } from './errors.js';
import type { Dim, Graph, Node, ValueInfo } from './graph.js';
import { didYouMean } from './nearest.js';
import type { Operand } from './operand.js';
import { checkParameters } from './ops/check-parameters.js';
import { ruleOf } from './ops/registry.js';
import type { Call, Input, Rule, Typed } from './ops/rule.js';
import { elementCount } from './tensor.js';
import { checkTime } from './time-limit.js';

/** What is known of the graph's inputs beyond what the file says. */
export interface InferOptions {
  /** Shapes of inputs by name; they go before those in the file. */
  readonly inputs?: Readonly<Record<string, readonly Dim[]>>;
  /** The first extent of every input where the file leaves it open. */
  readonly batch?: number;
}

/** Elements of constants are followed only as far as shapes are made of them: not those of weights. */
const mostElements = 1024;

/**
 * Finds dtype and shape of every value. Extents that are only known at run time stay symbols (`'N'`), and what is
 * computed from them becomes an expression of them (`'floor(H/2)'`). What depends on an input of unknown rank is left
 * out.
 *
 * @param graph any graph
 * @param options shapes of inputs
 * @returns the same graph with `values` filled (weights among them) and the types of inputs and outputs set
 * @throws LensError `E_OP_UNSUPPORTED` for operators without a rule, `E_SHAPE` when shapes do not go together,
 * `E_ONNX_INVALID`, `E_VALUE_UNKNOWN` when `options` names an input that is not there
 */
export function inferShapes(graph: Graph, options: InferOptions = {}): Graph {
  checkOperators(graph.nodes);
  const inputs = resolveInputs(graph, options);
  const fixed = options.inputs !== undefined || options.batch !== undefined;
  const { values } = analyse({ ...graph, inputs, values: fixed ? new Map() : graph.values });
  const outputs = graph.outputs.map((info) => values.get(info.name) ?? info);
  return { ...graph, inputs, outputs, values };
}

/** Types and shapes of values, and what is known of their elements. */
export interface Analysis {
  readonly values: Map<string, ValueInfo>;
  readonly constants: Map<string, Operand>;
}

/** A node with what was found of it; `call` is `undefined` when it has no rule or an input is not known. */
export interface Visit {
  readonly node: Node;
  readonly call: Call | undefined;
  readonly typed: readonly Typed[];
  readonly results: readonly Operand[] | undefined;
}

/**
 * Follows types, shapes and constants through a graph; nodes without a rule are passed over.
 *
 * @param graph any graph
 * @param worth whether to compute a node's elements when they are known; by default only few elements are
 * @param visit called for every node, in order
 * @throws LensError `E_SHAPE`, `E_ONNX_INVALID`, `E_OP_UNSUPPORTED`
 */
export function analyse(
  graph: Graph,
  worth: (call: Call, typed: readonly Typed[]) => boolean = isLight,
  visit?: (found: Visit) => void,
): Analysis {
  const values = new Map(graph.values);
  const constants = new Map<string, Operand>(graph.initializers);
  for (const info of graph.inputs) values.set(info.name, info);
  for (const [name, { dtype, shape }] of graph.initializers)
    values.set(name, { name, dtype, shape });
  for (const node of graph.nodes) {
    checkTime();
    const rule = node.domain === '' ? ruleOf(node.op) : undefined;
    const call = rule && callOf(node, graph.opset, values, constants);
    if (!rule || !call) {
      visit?.({ node, call, typed: [], results: undefined });
      continue;
    }
    const { typed, results } = apply(rule, call, worth);
    node.outputs.forEach((name, i) => {
      const [found, result] = [typed[i], results?.[i]];
      if (name && found) values.set(name, merge(name, found, values.get(name)));
      if (name && result) constants.set(name, result);
    });
    visit?.({ node, call, typed, results });
  }
  return { values, constants };
}

/** A rule's answers; what a damaged node makes a rule stumble over is said to be the node's fault. */
function apply(
  rule: Rule,
  call: Call,
  worth: (call: Call, typed: readonly Typed[]) => boolean,
): Pick<Visit, 'typed' | 'results'> {
  try {
    checkParameters(call, rule);
    const typed = rule.infer(call);
    return { typed, results: worth(call, typed) ? evaluate(rule, call) : undefined };
  } catch (cause) {
    if (cause instanceof LensError) throw cause;
    throw new LensError(
      'E_ONNX_INVALID',
      `${call.node.op} "${call.node.name}": its inputs and attributes do not make sense to the operator (${String(cause)}).`,
      { cause },
    );
  }
}

function isLight(call: Call, typed: readonly Typed[]): boolean {
  if (sizeOf(typed[0]?.shape) > mostElements) return false;
  return call.inputs.every((x) => !x?.constant || x.constant.data.length <= mostElements);
}

/**
 * A node with what is known of its inputs; `undefined` when the rank of one is not.
 *
 * @param node the node
 * @param opset version of the operator set
 * @param values types and shapes so far
 * @param constants elements so far
 */
export function callOf(
  node: Node,
  opset: number,
  values: Pick<ReadonlyMap<string, ValueInfo>, 'get'>,
  constants: Pick<ReadonlyMap<string, Operand>, 'get'>,
): Call | undefined {
  const inputs: (Input | undefined)[] = [];
  for (const name of node.inputs) {
    const info = name ? values.get(name) : undefined;
    if (name && !info?.shape) return undefined;
    inputs.push(
      info?.shape && { dtype: info.dtype, shape: info.shape, constant: constants.get(name) },
    );
  }
  return { node, opset, inputs };
}

/**
 * The elements of a node's outputs, when those of its inputs are known and the operator can be computed here.
 *
 * @param rule the operator's rule
 * @param call the node
 */
function evaluate(rule: Rule, call: Call): readonly Operand[] | undefined {
  if (!rule.onlyShapes && call.inputs.some((x) => x && !x.constant)) return undefined;
  const result = rule.evaluate?.(call);
  return result && 'dtype' in result ? [result] : result;
}

function sizeOf(shape: readonly Dim[] | undefined): number {
  if (!shape?.every((extent) => typeof extent === 'number')) return 0;
  return elementCount(shape);
}

/** What was found, with numbers from the file where only symbols were found. */
function merge(name: string, { dtype, shape }: Typed, declared: ValueInfo | undefined): ValueInfo {
  const old = declared?.shape;
  if (!shape) return { name, dtype, shape: old };
  if (old?.length !== shape.length) return { name, dtype, shape };
  const dims = shape.map((extent, axis): Dim => {
    const other = old[axis];
    return typeof extent === 'string' && typeof other === 'number' ? other : extent;
  });
  return { name, dtype, shape: dims };
}

/** The graph's inputs with the shapes that were asked for; a symbol that gets a number gets it everywhere. */
function resolveInputs(graph: Graph, { inputs = {}, batch }: InferOptions): ValueInfo[] {
  const known = new Map(graph.inputs.map((info) => [info.name, info]));
  const bound = new Map<Dim, Dim>();
  for (const [name, shape] of Object.entries(inputs)) {
    const info = known.get(name);
    if (!info) {
      throw new LensError(
        'E_VALUE_UNKNOWN',
        `The model has no input "${name}"; its inputs are ${[...known.keys()].map((n) => `"${n}"`).join(', ')}.${didYouMean(name, known.keys())}`,
      );
    }
    if (info.shape && info.shape.length !== shape.length) {
      throw new LensError(
        'E_SHAPE',
        `The input "${name}" has shape [${info.shape.join(', ')}] in the model; [${shape.join(', ')}] has another number of axes.`,
      );
    }
    info.shape?.forEach((extent, axis) => {
      if (typeof extent === 'string') bound.set(extent, shape[axis]!);
    });
  }
  return graph.inputs.map((info) => {
    const shape =
      inputs[info.name] ??
      info.shape?.map((extent, axis) => {
        const other = bound.get(extent);
        if (other !== undefined) return other;
        return batch !== undefined && axis === 0 && typeof extent === 'string' ? batch : extent;
      });
    return { ...info, shape };
  });
}

/** Every operator must have a rule. */
function checkOperators(nodes: readonly Node[]): void {
  const unknown = nodes.filter(({ op, domain }) => domain !== '' || !ruleOf(op));
  const [first] = unknown;
  if (!first) return;
  const label = ({ op, domain }: Node): string => (domain ? `${domain}.${op}` : op);
  const others = [...new Set(unknown.map(label))].filter((name) => name !== label(first));
  const more =
    others.length > 0 ? ` It also uses ${others.join(', ')}, which have no rule either.` : '';
  const hint = /^Q[A-Z]|Quantize|Integer/.test(first.op)
    ? ' The model is quantised: take its float32 version.'
    : first.op.includes('Sequence') || first.op.includes('Optional')
      ? ' Convlens handles tensors only, not sequences.'
      : '';
  throw new LensError(
    'E_OP_UNSUPPORTED',
    `The node "${first.name}" uses the operator ${label(first)}${first.domain ? '' : ' of the standard domain'}, for which Convlens has no rule.${more}${hint}`,
  );
}
