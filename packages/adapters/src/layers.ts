import { elementCount, intAttribute, producers, type Graph, type Node } from '@convlens/onnx';
import type { Layer } from './network.js';
import type { Name } from './names.js';
import { AFFINE } from './operators.js';
import type { ShapeOf, Step } from './skeleton.js';

/** The graph that layers are made from. */
export interface LayerSource {
  readonly graph: Graph;
  /** Shapes for batch 1. */
  readonly shapeOf: ShapeOf;
}

/** Initialisers that a node learnt: not running statistics, shapes, bounds, pads or single numbers. */
function learntBy(node: Node, graph: Graph): readonly string[] {
  const { op, inputs } = node;
  let names: readonly string[] = [];
  if (op === 'BatchNormalization') names = inputs.slice(1, 3);
  else if (AFFINE.has(op) || op === 'MatMul') names = inputs;
  else if (/Conv|Gemm|PRelu|Normalization/.test(op)) names = inputs.slice(1);
  return names.filter((name) => !AFFINE.has(op) || sizeOf(graph, name) > 1);
}

function sizeOf(graph: Graph, name: string): number {
  const tensor = graph.initializers.get(name);
  return tensor === undefined ? 0 : elementCount(tensor.shape);
}

/** How many numbers some nodes learnt, shared ones counted once. */
function countLearnt(nodes: readonly Node[], graph: Graph): number {
  const names = new Set(nodes.flatMap((node) => learntBy(node, graph)));
  return [...names].reduce((total, name) => total + sizeOf(graph, name), 0);
}

/**
 * How many numbers a network learnt.
 *
 * @param graph a graph in which weights are initialisers
 */
export function learntParameters(graph: Graph): number {
  return countLearnt(graph.nodes, graph);
}

/** The initialiser with a step's kernels or matrix. */
function weightOf(step: Step, graph: Graph): string | undefined {
  if (step.kind !== 'conv' && step.kind !== 'dense') return undefined;
  return step.nodes[0]?.inputs.find((name, at) => {
    return graph.initializers.has(name) && (at === 1 || step.op === 'MatMul');
  });
}

function weightOrder(step: Step): 'out-in' | 'in-out' {
  const [node] = step.nodes;
  return node !== undefined && intAttribute(node, 'transB', 0) === 1 ? 'out-in' : 'in-out';
}

/** Multiply-adds for one image. */
function macsOf(step: Step, { graph, shapeOf }: LayerSource): number {
  const [node] = step.nodes;
  const weight = shapeOf(node?.inputs[1] ?? '') ?? [];
  const kernel = graph.initializers.get(weightOf(step, graph) ?? '')?.shape ?? weight;
  if (step.kind === 'dense') return elementCount(kernel);
  if (step.kind !== 'conv' || kernel.length === 0) return 0;
  // A transposed convolution's kernel meets every element of its input, a convolution's every one of its output.
  const isTransposed = step.op === 'ConvTranspose';
  const map = isTransposed ? (step.inputs[0]?.shape ?? []) : step.shape;
  const positions = elementCount(map.slice(1));
  return isTransposed
    ? positions * elementCount(kernel)
    : positions * elementCount([step.shape[0] ?? 0, ...kernel.slice(1)]);
}

/** The map that a dense layer reads as a vector, unless its axes were turned on the way. */
function flattenedOf(step: Step, { graph }: LayerSource, makers: ReadonlyMap<string, Node>) {
  const [source] = step.inputs;
  const [channels, height, width, ...rest] = source?.shape ?? [];
  if (step.kind !== 'dense' || source === undefined) return undefined;
  if (channels === undefined || height === undefined || width === undefined) return undefined;
  const [data] = (step.nodes[0]?.inputs ?? []).filter((name) => !graph.initializers.has(name));
  for (let value = data; value !== undefined && value !== source.value;) {
    const node = makers.get(value);
    if (node === undefined || (node.op === 'Transpose' && height * width > 1)) return undefined;
    value = node.inputs[0];
  }
  return rest.length === 0 ? ([channels, height, width] as const) : undefined;
}

/**
 * Makes the layers of a network from its named steps.
 *
 * @param steps in order
 * @param nameOf the name of each
 * @param source the graph and its shapes
 */
export function makeLayers(
  steps: readonly Step[],
  nameOf: (step: Step) => Name,
  source: LayerSource,
): readonly Layer[] {
  const makers = producers(source.graph);
  return steps.map((step): Layer => {
    const weight = weightOf(step, source.graph);
    const flattened = flattenedOf(step, source, makers);
    return {
      ...nameOf(step),
      value: step.value,
      kind: step.kind,
      op: step.op,
      shape: step.shape,
      parameters: countLearnt(step.nodes, source.graph),
      macs: macsOf(step, source),
      ...(weight === undefined ? {} : { weight }),
      ...(weight === undefined || step.kind !== 'dense' ? {} : { weightOrder: weightOrder(step) }),
      ...(flattened === undefined ? {} : { flattened }),
      from: step.inputs.filter((input) => input.kind !== 'input').map((input) => nameOf(input).id),
    };
  });
}
