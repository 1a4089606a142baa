import { intAttribute, intsAttribute, type Node } from '@convlens/onnx';
import type { Builder } from '../builder.js';
import { AXIS_IN_LAST } from '../layout.js';
import type { Lowering, Lowerings } from './lowering.js';
import { OWN } from './own-kernels.js';

type Kernel = 'Sum' | 'Mean' | 'Max' | 'Min' | 'Prod';

/** What a reduction does besides: before it, and behind it. */
interface Around {
  readonly before?: (b: Builder, x: number) => number;
  readonly behind?: (b: Builder, y: number) => number;
}

/** Axes that a node reduces, from the front; all where it names none. */
function axesOf(b: Builder, node: Node, rank: number): readonly number[] {
  const listed = intsAttribute(node, 'axes', undefined) ?? b.integers(node.inputs[1], 'axes');
  const given = listed?.length ? listed : undefined;
  if (!given && intAttribute(node, 'noop_with_empty_axes', 0) === 1) return [];
  return (given ?? Array.from({ length: rank }, (_, axis) => axis))
    .map((axis) => (axis < 0 ? axis + rank : axis))
    .toSorted((a, b) => a - b);
}

const call =
  (kernel: string) =>
  (b: Builder, x: number): number =>
    b.emit(kernel, { x }, {}, b.extents(x));

/**
 * Where a sum or mean is one over rows of a matrix as it lies in memory, such as over all positions of images with their
 * channels last: the library's kernels would exchange the axes first.
 */
function sumOfRows(b: Builder, x: string, axes: readonly number[], kernel: Kernel) {
  const shape = b.shape(x);
  const image = shape.length === 4 && axes.join() === '0,2,3' && b.isLast(x);
  const matrix = shape.length === 2 && axes.join() === '0' && !b.constant(x);
  const fits = (kernel === 'Sum' || kernel === 'Mean') && b.kind(x) === 'float32';
  if (!b.traits.ownKernels || !fits || !(image || matrix)) return undefined;
  const layout = image ? ('last' as const) : ('plain' as const);
  const columns = shape[1]!;
  const count = axes.reduce((product, axis) => product * shape[axis]!, 1);
  return {
    layout,
    register: b.in(x, layout),
    sum(register: number): number {
      const rows = b.reshape(register, [count, columns]);
      const sum = b.emit(OWN.sumRows, { x: rows }, {}, [columns]);
      if (kernel === 'Sum') return sum;
      return b.emit('Multiply', { a: sum, b: b.scalar(1 / count) }, {}, [columns]);
    },
  };
}

function reduce(kernel: Kernel, { before, behind }: Around = {}): Lowering {
  return (b, node) => {
    const [x = ''] = node.inputs;
    const output = node.outputs[0]!;
    const shape = b.shape(x);
    const axes = axesOf(b, node, shape.length);
    const keep = intAttribute(node, 'keepdims', 1) === 1;
    const rows = sumOfRows(b, x, axes, kernel);
    if (rows) {
      const sum = rows.sum(before ? before(b, rows.register) : rows.register);
      const result = behind ? behind(b, sum) : sum;
      const lies = keep ? rows.layout : 'plain';
      b.define(output, b.reshape(result, b.shapeIn(output, lies)), lies);
      return;
    }
    // Axes that disappear leave no image behind: only what keeps them stays with its channels last.
    const layout = keep ? b.layoutOf([x]) : 'plain';
    const register = before ? before(b, b.in(x, layout)) : b.in(x, layout);
    const places = axes
      .map((axis) => (layout === 'last' ? AXIS_IN_LAST[axis]! : axis))
      .toSorted((a, b) => a - b);
    const named = kernel === 'Max' ? { reductionIndices: places } : { axis: places };
    const kept = b.extents(register).map((extent, axis) => (places.includes(axis) ? 1 : extent));
    const reduced =
      axes.length === 0
        ? register
        : b.emit(kernel, { x: register }, { ...named, keepDims: true }, kept, b.kind(x));
    const result = behind ? behind(b, reduced) : reduced;
    b.define(output, b.reshape(result, b.shapeIn(output, layout)), layout);
  };
}

/** ln of the sum of exp, less the maximum that keeps it from overflowing. */
const logSumExp: Lowering = (b, node) => {
  const [x = ''] = node.inputs;
  const output = node.outputs[0]!;
  const axes = axesOf(b, node, b.shape(x).length);
  const register = b.plain(x);
  const kept = b.shape(x).map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const most = b.emit('Max', { x: register }, { reductionIndices: axes, keepDims: true }, kept);
  const shifted = b.emit('Sub', { a: register, b: most }, {}, b.shape(x));
  const sum = b.emit('Sum', { x: call('Exp')(b, shifted) }, { axis: axes, keepDims: true }, kept);
  const result = b.emit('Add', { a: call('Log')(b, sum), b: most }, {}, kept);
  b.define(output, b.reshape(result, b.shape(output)));
};

/** The place of the largest or smallest element along an axis. */
function place(kernel: 'ArgMax' | 'ArgMin'): Lowering {
  return (b, node) => {
    const [x = ''] = node.inputs;
    const output = node.outputs[0]!;
    if (intAttribute(node, 'select_last_index', 0) === 1) {
      throw b.refusal('of equal elements it takes the first, not the last.');
    }
    const shape = b.shape(x);
    const axis = (intAttribute(node, 'axis', 0) + shape.length) % shape.length;
    const without = shape.filter((_, i) => i !== axis);
    const found = b.emit(kernel, { x: b.plain(x) }, { axis }, without, 'int32');
    b.define(output, b.reshape(found, b.shape(output)));
  };
}

/** Reductions along axes. */
export const reductions: Lowerings = {
  ArgMax: place('ArgMax'),
  ArgMin: place('ArgMin'),
  ReduceL1: reduce('Sum', { before: call('Abs') }),
  ReduceL2: reduce('Sum', { before: call('Square'), behind: call('Sqrt') }),
  ReduceLogSum: reduce('Sum', { behind: call('Log') }),
  ReduceLogSumExp: logSumExp,
  ReduceMax: reduce('Max'),
  ReduceMean: reduce('Mean'),
  ReduceMin: reduce('Min'),
  ReduceProd: reduce('Prod'),
  ReduceSum: reduce('Sum'),
  ReduceSumSquare: reduce('Sum', { before: call('Square') }),
};
