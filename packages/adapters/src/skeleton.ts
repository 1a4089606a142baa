import {
  consumers,
  elementCount,
  intsAttribute,
  producers,
  type Graph,
  type Node,
} from '@convlens/onnx';
import type { LayerKind } from './network.js';
import { AFFINE, CONSTANT, GATES, isPlumbing, kindOf } from './operators.js';

/**
 * One step of a network as a person draws it: a convolution with its bias, a batch normalisation with its scale.
 * Reshapes and the like are no steps; what they read is seen through them.
 */
export interface Step {
  readonly kind: LayerKind;
  /** Operator of the leading node; `''` for the image. */
  readonly op: string;
  /** The leading node, then what belongs to it: a bias that is an Add, a scale that is a Mul. Empty for the image. */
  readonly nodes: readonly [Node, ...Node[]] | readonly [];
  /** The value that it hands on. */
  readonly value: string;
  /** Extents of the value for one image, without the batch; empty where unknown. */
  readonly shape: readonly number[];
  /** Kernel of a convolution or window of a pooling, `[height, width]`; empty for everything else. */
  readonly kernel: readonly number[];
  /** The steps whose values it reads, each once, in the order of the operator's inputs. */
  readonly inputs: readonly Step[];
  /** The steps that read its value. */
  readonly users: readonly Step[];
}

/** A `Step` while the skeleton is being made. */
interface OpenStep extends Step {
  nodes: readonly [Node, ...Node[]] | readonly [];
  value: string;
  shape: readonly number[];
  inputs: readonly OpenStep[];
  users: OpenStep[];
}

/** A graph reduced to its steps. */
export interface Skeleton {
  readonly image: Step;
  /** Every step after those that it reads. The order follows from the connections, not from the file. */
  readonly steps: readonly Step[];
  /** The graph's outputs, each with the step whose numbers it holds. */
  readonly outputs: readonly (readonly [value: string, step: Step])[];
}

/** Extents of a value for one image, with the batch in front; undefined where unknown. */
export type ShapeOf = (value: string) => readonly number[] | undefined;

function isUnitWindow(node: Node): boolean {
  const ones = (name: string) => intsAttribute(node, name, []).every((extent) => extent === 1);
  return node.op === 'AveragePool' && ones('kernel_shape') && ones('strides');
}

/**
 * Reduces a graph to its steps.
 *
 * @param graph a simplified graph
 * @param image name of the image input
 * @param shapeOf shapes for batch 1
 */
export function makeSkeleton(graph: Graph, image: string, shapeOf: ShapeOf): Skeleton {
  const makers = producers(graph);
  const readers = consumers(graph);
  const outputs = new Set(graph.outputs.map((info) => info.name));
  const shape = (value: string) => shapeOf(value)?.slice(1) ?? [];
  const root: OpenStep = {
    kind: 'input',
    op: '',
    nodes: [],
    value: image,
    shape: shape(image),
    kernel: [],
    inputs: [],
    users: [],
  };
  const steps: OpenStep[] = [];
  const known = new Map<string, OpenStep | undefined>([[image, root]]);

  /** True when nothing but the node that is being looked at reads the value. */
  const isPrivate = (value: string) => readers.get(value)?.length === 1 && !outputs.has(value);

  /** A bias or a scale after a layer belongs to it. */
  function extend(step: OpenStep, node: Node, value: string): boolean {
    if (step.value !== node.inputs[0] && step.value !== node.inputs[1]) return false;
    if (step.kind !== 'conv' && step.kind !== 'dense' && step.kind !== 'norm') return false;
    if (!isPrivate(step.value)) return false;
    const constant = node.inputs.find((name) => name !== step.value) ?? '';
    const extents = graph.initializers.get(constant)?.shape ?? shapeOf(constant);
    if (extents === undefined || elementCount(extents) > (step.shape[0] ?? 0)) return false;
    step.nodes = [...step.nodes, node] as [Node, ...Node[]];
    step.value = value;
    return true;
  }

  /** x * sigmoid(x): the gate is no step of its own. */
  function isGated(node: Node, sources: readonly OpenStep[]): boolean {
    if (node.op !== 'Mul' || sources.length !== 2) return false;
    const gate = sources.find((step, at) => step.inputs[0] === sources[1 - at]);
    if (gate === undefined || !GATES.has(gate.op) || !isPrivate(gate.value)) return false;
    steps.splice(steps.indexOf(gate), 1);
    const origin = gate.inputs[0];
    if (origin !== undefined) origin.users = origin.users.filter((user) => user !== gate);
    return true;
  }

  function kernelFromWeights(node: Node, kind: LayerKind): readonly number[] {
    return kind === 'conv' ? (shapeOf(node.inputs[1] ?? '')?.slice(2) ?? []) : [];
  }

  function make(node: Node, value: string): OpenStep | undefined {
    if (CONSTANT.has(node.op)) return undefined;
    let sources = [
      ...new Set(node.inputs.map((name) => known.get(name)).filter((step) => step !== undefined)),
    ];
    const [first] = sources;
    if (first === undefined) return undefined;
    let kind = kindOf(node);
    if (isPlumbing(node) || isUnitWindow(node)) return first;
    const data = node.inputs.filter((name) => name !== '').length;
    if (data === 1 && (kind === 'concat' || kind === 'add')) return first;
    if (sources.length === 1 && AFFINE.has(node.op) && data === 2) {
      if (extend(first, node, value)) return first;
      kind = 'norm';
    } else if (isGated(node, sources)) {
      kind = 'activation';
      sources = sources.filter((step) => !GATES.has(step.op) || steps.includes(step));
    } else if (kind === 'dense' && sources.length > 1) {
      kind = 'other';
    }
    const step: OpenStep = {
      kind,
      op: node.op,
      nodes: [node],
      value,
      shape: shape(value),
      // The attribute of a convolution may be left out; its weights say the same.
      kernel: intsAttribute(node, 'kernel_shape', undefined) ?? kernelFromWeights(node, kind),
      inputs: sources,
      users: [],
    };
    for (const source of sources) source.users.push(step);
    steps.push(step);
    return step;
  }

  /** The step of a value, after those of all values that it is computed from: a list, as networks nest deeper than the stack. */
  function visit(value: string): OpenStep | undefined {
    const waiting = [value];
    for (let at = waiting.at(-1); at !== undefined; at = waiting.at(-1)) {
      const node = makers.get(at);
      const isConstant = node === undefined || CONSTANT.has(node.op);
      const before = isConstant ? undefined : node.inputs.find((name) => !known.has(name));
      if (before !== undefined && !known.has(at)) waiting.push(before);
      else {
        if (!known.has(at)) known.set(at, node && make(node, at));
        waiting.pop();
      }
    }
    return known.get(value);
  }

  const ends = graph.outputs.flatMap(({ name }): (readonly [string, Step])[] => {
    const step = visit(name);
    return step === undefined ? [] : [[name, step]];
  });
  return { image: root, steps, outputs: ends };
}
