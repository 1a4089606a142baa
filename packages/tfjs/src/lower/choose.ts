import { factsOf } from '@convlens/onnx';
import type { Builder } from '../builder.js';
import type { Layout } from '../layout.js';
import type { Lowering, Lowerings } from './lowering.js';
import { OWN } from './own-kernels.js';
import { emitPoolGradient } from './pool-gradient.js';

/**
 * Whether choosing a value may be written as multiplying it with 0 or 1: where the value left out might be infinite, as a
 * quotient or a logarithm might, that would give NaN instead of 0.
 */
function mayMultiply(b: Builder, name: string): boolean {
  if (b.constant(name)) return true;
  const producer = b.producer(name);
  return !producer || factsOf(producer).tame === true;
}

/** What is compared with 0 to make the mask, of numbers: `x > 0`. */
function signOf(b: Builder, test: string): string | undefined {
  const producer = b.producer(test);
  const [x = '', limit] = producer?.inputs ?? [];
  const isSign =
    producer?.op === 'Greater' &&
    b.number(limit) === 0 &&
    b.constant(limit)!.shape.length === 0 &&
    b.kind(x) === 'float32';
  return isSign ? x : undefined;
}

/**
 * The mask as numbers. The Step kernel is many times faster than a comparison with 0 and a cast; on WASM, so are differences
 * than a comparison.
 */
function maskOf(b: Builder, test: string, layout: Layout): number {
  const producer = b.producer(test);
  const sign = signOf(b, test);
  if (sign !== undefined) {
    const input = b.in(sign, layout);
    return b.emit('Step', { x: input }, { alpha: 0 }, b.extents(input));
  }
  const isEqual =
    producer?.op === 'Equal' && producer.inputs.every((name) => b.kind(name) === 'float32');
  if (isEqual && b.traits.slowComparisons) {
    // 1 - [ |x - y| > 0 ], for finite numbers.
    const [a, other] = producer.inputs.map((name) => b.in(name, layout));
    const shape = b.shapeIn(test, layout);
    const difference = b.emit('Sub', { a: a!, b: other! }, {}, shape);
    const distance = b.emit('Abs', { x: difference }, {}, shape);
    const apart = b.emit('Step', { x: distance }, { alpha: 0 }, shape);
    return b.emit('Sub', { a: b.scalar(1), b: apart }, {}, shape);
  }
  const mask = b.in(test, layout);
  return b.emit('Cast', { x: mask }, { dtype: 'float32' }, b.extents(mask));
}

/** A value repeated to the extents of the result, which Select wants of all it reads. */
function widened(b: Builder, name: string, layout: Layout, shape: readonly number[]): number {
  const kind = b.kind(name);
  const value = b.number(name);
  if (value !== undefined && kind !== 'bool') {
    return b.emit('Fill', {}, { shape, value, dtype: kind }, shape, kind);
  }
  const register = b.in(name, layout);
  const extents = b.extents(register);
  if (extents.join() === shape.join()) return register;
  const full = [...new Array<number>(shape.length - extents.length).fill(1), ...extents];
  const reps = shape.map((extent, axis) => extent / full[axis]!);
  return b.emit('Tile', { x: b.reshape(register, full) }, { reps }, shape, kind);
}

/** Where: an element of one value or of another, as a mask says. */
const where: Lowering = (b, node) => {
  const [test = '', yes = '', no = ''] = node.inputs;
  const output = node.outputs[0]!;
  const layout = b.layoutOf(node.inputs);
  const shape = b.shapeIn(output, layout);
  if (emitPoolGradient(b, node)) return;
  const isGate = b.kind(yes) === 'float32' && b.number(no) === 0;
  const sign = isGate && b.traits.ownKernels ? signOf(b, test) : undefined;
  const isWhole = (name: string): boolean => b.shape(name).join() === b.shape(output).join();
  if (sign !== undefined && isWhole(sign) && isWhole(yes)) {
    const inputs = { x: b.in(sign, layout), g: b.in(yes, layout) };
    b.define(output, b.emit(OWN.gate, inputs, {}, shape), layout);
    return;
  }
  if (isGate && mayMultiply(b, yes)) {
    const [a, mask] = [b.in(yes, layout), maskOf(b, test, layout)];
    b.define(output, b.emit('Multiply', { a, b: mask }, {}, shape), layout);
    return;
  }
  const [condition, t, e] = [test, yes, no].map((name) => widened(b, name, layout, shape));
  const inputs = { condition: condition!, t: t!, e: e! };
  b.define(output, b.emit('Select', inputs, {}, shape, b.kind(yes)), layout);
};

/** Choice, element by element. */
export const choosing: Lowerings = { Where: where };
