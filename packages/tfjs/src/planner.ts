import { upgrade, writeOut } from '@convlens/autodiff';
import { inferShapes, LensError, simplify, type Dim, type Graph } from '@convlens/onnx';
import { Builder, type Traits } from './builder.js';
import { gapOf, loweringOf } from './lower/registry.js';
import type { Plan, Port } from './plan.js';

/** Traits of the WASM backend as it comes. */
export const WASM_TRAITS: Traits = { slowComparisons: true, ownKernels: false, winograd: false };
/** Traits of the WASM backend with Convlens's own kernels. */
export const OWN_WASM_TRAITS: Traits = {
  slowComparisons: true,
  ownKernels: true,
  winograd: true,
};
/** Traits of the WebGL and WebGPU backends. */
export const GPU_TRAITS: Traits = { slowComparisons: false, ownKernels: false, winograd: false };

/** What is known before a graph is planned. */
export interface PlanOptions {
  /** Name of the runtime, for messages. */
  readonly runtime: string;
  /** What it is good at. */
  readonly traits: Traits;
  /** Shapes of inputs by name; they go before those in the graph. */
  readonly inputs?: Readonly<Record<string, readonly Dim[]>>;
  /** Images in a batch, where the graph leaves it open. Default 1. */
  readonly batch?: number;
}

/**
 * Lowers a graph once to kernel calls of TensorFlow.js. Layouts are decided here: images lie with their channels last from
 * the first kernel that wants it, and are turned back only where an operator or an output needs the graph's own order.
 *
 * @param graph any graph, forward or differentiated
 * @param options runtime and shapes
 * @throws LensError `E_OP_UNSUPPORTED` for a node that cannot be lowered, naming it and the runtime; `E_SHAPE`
 */
export function planGraph(graph: Graph, options: PlanOptions): Plan {
  const { runtime, traits, inputs = {}, batch = 1 } = options;
  checkOperators(graph, runtime);
  const plain = writeOut(inferShapes(upgrade(graph), { inputs, batch }));
  const shaped = simplify(inferShapes(plain));
  const b = new Builder(shaped, runtime, traits);
  const ports = shaped.inputs.map(({ name, dtype }): Port => {
    const [shape, kind] = [b.shape(name), b.kind(name)];
    const register = b.register(shape, kind);
    b.define(name, register);
    return { name, register, dtype, kind, shape };
  });
  for (const node of shaped.nodes) {
    b.node = node;
    const lower = loweringOf(node.op);
    if (!lower) throw b.refusal(gapOf(node.op));
    // Types that there are not are said before anything runs.
    for (const name of [...node.inputs, ...node.outputs]) if (name) b.kind(name);
    lower(b, node);
  }
  const outputs = shaped.outputs.map(({ name }): Port => {
    const register = b.plain(name);
    const dtype = shaped.values.get(name)?.dtype ?? 'float32';
    return { name, register, dtype, kind: b.kind(name), shape: b.shape(name) };
  });
  const { registers, literals, steps } = b;
  return { registers, inputs: ports, outputs, literals, steps };
}

/** Operators of other domains are not read as those of the standard one. */
function checkOperators(graph: Graph, runtime: string): void {
  const stranger = graph.nodes.find(({ domain }) => domain !== '');
  if (!stranger) return;
  throw new LensError(
    'E_OP_UNSUPPORTED',
    `${runtime} cannot run the node "${stranger.name}": ${stranger.domain}.${stranger.op} is not an operator of the standard domain. Choose another backend.`,
  );
}
