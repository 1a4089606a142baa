import {
  consumers,
  inferShapes,
  intAttribute,
  intsAttribute,
  LensError,
  type Dim,
  type Graph,
  type Node,
  type ValueInfo,
} from '@convlens/onnx';
import type { Knowledge } from './network.js';
import { AFFINE } from './operators.js';

/** A graph with one image input `[batch, channels, height, width]`. */
export interface ImageGraph {
  readonly graph: Graph;
  readonly name: string;
  readonly shape: readonly [number, number, number];
}

/** Sizes to try where the file leaves the extent of the image open; the first that fits is taken. */
const SIZES = [224, 227, 299, 32, 28, 64];

const isOpen = (dim: Dim | undefined): boolean => typeof dim !== 'number' || dim < 1;

function found(graph: Graph): string {
  const list = graph.inputs.map(
    ({ name, shape }) => `"${name}" [${shape?.join(', ') ?? 'rank unknown'}]`,
  );
  return list.length === 0 ? 'no input at all' : list.join(', ');
}

/** The image among the inputs. */
function pick(graph: Graph): ValueInfo {
  const [image, ...others] = graph.inputs;
  const rank = image?.shape?.length ?? 4;
  if (image !== undefined && others.length === 0 && rank === 4) return image;
  throw new LensError(
    'E_SHAPE',
    `Input: expected one image [batch, channels, height, width], got ${found(graph)}.`,
  );
}

function isTranspose(node: Node, ...order: number[]): boolean {
  return node.op === 'Transpose' && intsAttribute(node, 'perm', []).join() === order.join();
}

/** Whether the image comes with its channels last: a Transpose to the front follows, perhaps after some scaling. */
function isChannelsLast(graph: Graph, image: string): boolean {
  const readers = consumers(graph);
  const values = new Set([image]);
  for (const value of values) {
    for (const node of readers.get(value) ?? []) {
      if (isTranspose(node, 0, 3, 1, 2)) return true;
      if (AFFINE.has(node.op) || node.op === 'Cast' || node.op === 'Identity') {
        for (const output of node.outputs) values.add(output);
      }
    }
  }
  return false;
}

/** The same network with the channels in front. */
function channelsFirst(graph: Graph, image: ValueInfo, guesses: string[]): Graph {
  guesses.push('Input: the file takes channels last; here the network takes channels first.');
  const last = `${image.name}/channels_last`;
  const nodes = graph.nodes.map((node): Node => {
    if (!node.inputs.includes(image.name)) return node;
    if (isTranspose(node, 0, 3, 1, 2)) return { ...node, op: 'Identity', attributes: {} };
    return { ...node, inputs: node.inputs.map((name) => (name === image.name ? last : name)) };
  });
  const [batch = 'batch', height = 'height', width = 'width', channels = 3] = image.shape ?? [];
  const input: ValueInfo = { ...image, shape: [batch, channels, height, width] };
  // Written by hand: the first filters would wait for the 3 kB of the builder.
  const turn: Node = {
    ...{ name: last, op: 'Transpose', domain: '', inputs: [image.name], outputs: [last] },
    attributes: { perm: { type: 'ints', value: [0, 2, 3, 1] } },
  };
  const isRead = nodes.some((node) => node.inputs.includes(last));
  return { ...graph, nodes: isRead ? [turn, ...nodes] : nodes, inputs: [input], values: new Map() };
}

/** Channels that the first convolution reads, where the file does not say how many the image has. */
function channelsOf(graph: Graph): number {
  for (const node of graph.nodes) {
    const weight = graph.initializers.get(node.inputs[1] ?? '');
    if (node.op === 'Conv' && weight !== undefined) {
      return (weight.shape[1] ?? 3) * intAttribute(node, 'group', 1);
    }
  }
  return 3;
}

/** True when all shapes go together. */
function fits(graph: Graph, name: string, shape: readonly Dim[]): boolean {
  try {
    inferShapes(graph, { inputs: { [name]: shape } });
    return true;
  } catch (error) {
    if (error instanceof LensError && error.code === 'E_SHAPE') return false;
    throw error;
  }
}

/**
 * Finds the image input and settles its shape: channels first, a numeric size, one image a batch or any number.
 *
 * @param file a graph as it was read
 * @param knowledge size to use where the file leaves it open
 * @param guesses where to say what was assumed
 * @throws LensError `E_SHAPE` when there is no single input of rank 4
 */
export function imageGraph(file: Graph, knowledge: Knowledge, guesses: string[]): ImageGraph {
  const picked = pick(file);
  const { name } = picked;
  const graph = isChannelsLast(file, name) ? channelsFirst(file, picked, guesses) : file;
  const dims = graph.inputs[0]?.shape ?? [];
  const [batch = 'batch', channels, height, width] = dims;
  const depth = isOpen(channels) ? channelsOf(graph) : Number(channels);
  const isFixed = typeof batch === 'number' && batch > 0;
  if (isFixed && batch > 1) {
    guesses.push(`Input: the file takes ${batch} images at a time; here the network takes one.`);
  }
  const count: Dim = isFixed ? 1 : typeof batch === 'string' && batch !== '' ? batch : 'batch';

  const sized = (size: readonly [number, number]): [number, number, number] => [
    depth,
    isOpen(height) ? size[0] : Number(height),
    isOpen(width) ? size[1] : Number(width),
  ];
  let shape = sized(knowledge.inputSize ?? [224, 224]);
  if (knowledge.inputSize === undefined && (isOpen(height) || isOpen(width))) {
    const size = SIZES.find((extent) => fits(graph, name, [1, ...sized([extent, extent])]));
    shape = sized([size ?? 224, size ?? 224]);
    guesses.push(`Input size: open in the file; taken to be ${shape[1]} x ${shape[2]} pixels.`);
  }
  const same = dims.length === 4 && dims.every((dim, axis) => dim === [count, ...shape][axis]);
  if (same) return { graph, name, shape };
  const settled: ValueInfo = { ...picked, shape: [count, ...shape] };
  const outputs = graph.outputs.map((info) => ({ ...info, shape: undefined }));
  return { graph: { ...graph, inputs: [settled], outputs, values: new Map() }, name, shape };
}
