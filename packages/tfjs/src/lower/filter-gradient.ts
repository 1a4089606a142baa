import { intAttribute, intsAttribute, type Node } from '@convlens/onnx';
import type { Builder } from '../builder.js';
import { OWN, type OwnWindow } from './own-kernels.js';

type Pair = readonly [number, number];

/** Whether a node exchanges the first two of four axes; one of which has extent 1 where that is a Reshape. */
function swaps(b: Builder, node: Node | undefined): node is Node {
  if (node?.op === 'Transpose') return intsAttribute(node, 'perm', []).join() === '1,0,2,3';
  if (node?.op !== 'Reshape') return false;
  const [from, to] = [b.shape(node.inputs[0]!), b.shape(node.outputs[0]!)];
  if (from.length !== 4 || (from[0] !== 1 && from[1] !== 1)) return false;
  return [from[1], from[0], from[2], from[3]].join() === to.join();
}

/** The convolution whose first rows and columns a value is, when nothing else reads it. */
function convolutionOf(b: Builder, value: string): Node | undefined {
  const maker = b.onlyFor(value);
  if (maker?.op !== 'Slice') return maker?.op === 'Conv' ? maker : undefined;
  const [x = '', starts = '', , , steps] = maker.inputs;
  const begins = b.constant(starts) && b.integers(starts, 'starts');
  if (steps || !begins?.every((start) => start === 0)) return undefined;
  const before = b.onlyFor(x);
  return before?.op === 'Conv' ? before : undefined;
}

/**
 * Emits the gradient of a convolution's filters by Convlens's own kernel, where this node ends what derivatives write for
 * it: a convolution of x with dy, batch and channels of both exchanged, whose result is turned back. What was emitted for
 * these is not run then.
 *
 * @param b where to emit
 * @param node a Transpose or Reshape
 * @returns whether it is one
 */
export function emitFilterGradient(b: Builder, node: Node): boolean {
  if (!b.traits.ownKernels || !swaps(b, node)) return false;
  const output = node.outputs[0]!;
  const conv = convolutionOf(b, node.inputs[0]!);
  if (!conv || conv.inputs[2] || intAttribute(conv, 'group', 1) !== 1) return false;
  const [left, right] = conv.inputs.map((name) => b.producer(name));
  if (!swaps(b, left) || !swaps(b, right)) return false;
  const [x, dy] = [left.inputs[0]!, right.inputs[0]!];
  const [outputs, channels, ...kernel] = b.shape(output) as [number, number, number, number];
  const pair = (name: string): Pair => {
    const [down = 1, across = 1] = intsAttribute(conv, name, []);
    return [down, across];
  };
  const [above = 0, before = 0] = intsAttribute(conv, 'pads', []);
  const cotangents = b.last(dy);
  const window: OwnWindow = {
    to: b.extents(cotangents) as OwnWindow['to'],
    kernel,
    // They have exchanged their roles too.
    strides: pair('dilations'),
    dilations: pair('strides'),
    before: [above, before],
    relu: false,
  };
  const operands = { x: b.last(x), dy: cotangents };
  const shape = [...kernel, channels, outputs];
  const gradient = b.emit(OWN.filterGradient, operands, { ...window }, shape);
  b.define(output, b.transpose(gradient, [3, 2, 0, 1]));
  return true;
}
