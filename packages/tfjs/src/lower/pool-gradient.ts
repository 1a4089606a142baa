import { geometryOf } from '@convlens/autodiff';
import { intsAttribute, type Node } from '@convlens/onnx';
import type { Builder } from '../builder.js';
import { OWN, type OwnPool } from './own-kernels.js';

/** What was repeated over windows: behind the Resize, Expand, Pad and Slice that do it. */
function repeated(b: Builder, value: string, shape: readonly number[]): string | undefined {
  let at = value;
  for (let steps = 0; steps < 4; steps++) {
    if (b.shape(at).join() === shape.join()) return at;
    const maker = b.producer(at);
    if (!maker || !['Resize', 'Expand', 'Pad', 'Slice'].includes(maker.op)) return undefined;
    at = maker.inputs[0]!;
  }
  return undefined;
}

/** The node that makes an input of another. */
function made(b: Builder, node: Node | undefined, input: number, op: string): Node | undefined {
  const maker = node && b.producer(node.inputs[input] ?? '');
  return maker?.op === op && maker.domain === '' ? maker : undefined;
}

/**
 * Emits the derivative of max-pooling with windows side by side by Convlens's own kernel, where a Where ends what derivatives
 * write for it: with r the rank of each position in its window where it has the maximum and 0 elsewhere, the cotangent,
 * repeated, where r is the largest of the window.
 *
 * @param b where to emit
 * @param node the Where
 * @returns whether it is one
 */
export function emitPoolGradient(b: Builder, node: Node): boolean {
  if (!b.traits.ownKernels || b.number(node.inputs[2]) !== 0) return false;
  const output = node.outputs[0]!;
  const first = made(b, node, 0, 'Equal');
  const ranked = made(b, first, 0, 'Where');
  const equal = made(b, ranked, 0, 'Equal');
  const [x = '', maxima = ''] = equal?.inputs ?? [];
  if (!first || !ranked || !equal || !b.constant(ranked.inputs[1])) return false;
  if (b.shape(output).length !== 4 || b.shape(x).join() !== b.shape(output).join()) return false;
  // The pooling of x whose result was compared with it.
  const pooling = poolingBehind(b, maxima, x);
  if (!pooling) return false;
  const y = pooling.outputs[0]!;
  const to = b.shape(y);
  const best = repeated(b, first.inputs[1]!, to);
  const again = best === undefined ? undefined : b.producer(best);
  const dy = repeated(b, node.inputs[1]!, to);
  if (again?.op !== 'MaxPool' || again.inputs[0] !== ranked.outputs[0] || !dy) return false;
  const kernel = intsAttribute(pooling, 'kernel_shape', []) as [number, number];
  const { before } = geometryOf(pooling, b.shape(x).slice(2), to.slice(2), kernel);
  const attributes: OwnPool = { kernel, before: before as [number, number] };
  const operands = { x: b.last(x), y: b.last(y), dy: b.last(dy) };
  const shape = b.shapeIn(output, 'last');
  b.define(output, b.emit(OWN.poolGradient, operands, { ...attributes }, shape), 'last');
  return true;
}

function poolingBehind(b: Builder, maxima: string, x: string): Node | undefined {
  let at = maxima;
  for (let steps = 0; steps < 4; steps++) {
    const maker = b.producer(at);
    if (maker?.op === 'MaxPool') return maker.inputs[0] === x ? maker : undefined;
    if (!maker || !['Resize', 'Expand', 'Pad', 'Slice'].includes(maker.op)) return undefined;
    at = maker.inputs[0]!;
  }
  return undefined;
}
