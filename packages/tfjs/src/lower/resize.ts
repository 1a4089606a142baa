import { resizeMatrix, resizeModeOf, type ResizeMode } from '@convlens/autodiff';
import type { Builder } from '../builder.js';
import { AXIS_IN_LAST, type Layout } from '../layout.js';
import type { Lowering, Lowerings } from './lowering.js';
import { gather } from './parts.js';

/** The element that each row of a matrix picks, when it does nothing else. */
function picks(rows: number, columns: number, data: Float32Array): Int32Array | undefined {
  const found = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const line = data.subarray(row * columns, (row + 1) * columns);
    const at = line.indexOf(1);
    if (at < 0 || line.some((weight, i) => weight !== 0 && i !== at)) return undefined;
    found[row] = at;
  }
  return found;
}

/** Whether the kernel that repeats pixels reads the same ones: it computes floor(i * from / to) in float32. */
function isRepeated(indices: Int32Array, from: number, to: number): boolean {
  const scale = Math.fround(from / to);
  return indices.every((at, i) => {
    const exact = Math.floor((i * from) / to);
    return at === exact && Math.floor(Math.fround(i * scale)) === exact;
  });
}

interface Axis {
  /** As it lies in memory. */
  readonly place: number;
  readonly from: number;
  readonly to: number;
  readonly matrix: Float32Array;
  readonly indices: Int32Array | undefined;
}

function axesOf(b: Builder, mode: ResizeMode, layout: Layout, name: string): Axis[] {
  const [x = '', , scalesName] = b.node.inputs;
  const target = b.shape(name);
  const tensor = b.constant(scalesName);
  const scales = tensor && Array.from(tensor.data as Float32Array);
  return b.shape(x).flatMap((from, axis): Axis[] => {
    const to = target[axis]!;
    const scale = mode.scaleOf(axis, scales) ?? to / from;
    if (to === from && scale === 1) return [];
    const { data } = resizeMatrix(mode, from, to, scale);
    const place = layout === 'last' ? AXIS_IN_LAST[axis]! : axis;
    return [{ place, from, to, matrix: data, indices: picks(to, from, data) }];
  });
}

/** Weighted sums along one axis: a product of matrices. */
function interpolate(b: Builder, x: number, { place, from, to, matrix }: Axis): number {
  const extents = b.extents(x);
  const count = (list: readonly number[]): number => list.reduce((all, n) => all * n, 1);
  const [before, behind] = [count(extents.slice(0, place)), count(extents.slice(place + 1))];
  const key = `interpolation ${Array.from(matrix).join()}`;
  const weights = b.literal(key, [1, to, from], () => matrix);
  const planes = b.reshape(x, [before, from, behind]);
  const attributes = { transposeA: false, transposeB: false };
  const sums = b.emit('BatchMatMul', { a: weights, b: planes }, attributes, [before, to, behind]);
  return b.reshape(
    sums,
    extents.map((extent, axis) => (axis === place ? to : extent)),
  );
}

/** Resize: pixels that are repeated or picked, or weighted sums along one axis after the other. */
const resize: Lowering = (b, node) => {
  const [x = ''] = node.inputs;
  const output = node.outputs[0]!;
  const mode = resizeModeOf({
    node,
    shape: () => b.shape(x),
    list: (index: number) => {
      const tensor = b.constant(node.inputs[index]);
      return tensor && Array.from(tensor.data as ArrayLike<number | bigint>, Number);
    },
    refuse: (why: string) => {
      throw b.refusal(why);
    },
  });
  // The kernel that repeats pixels wants channels last; the others take what there is.
  const image = b.shape(x).length === 4;
  const axes = axesOf(b, mode, image ? 'last' : 'plain', output);
  const spatial = axes.every(({ place }) => place === 1 || place === 2);
  const repeats = axes.every(({ indices, from, to }) => indices && isRepeated(indices, from, to));
  if (image && spatial && repeats && axes.length > 0) {
    const shape = b.shapeIn(output, 'last');
    const size = shape.slice(1, 3);
    const attributes = { alignCorners: false, halfPixelCenters: false, size };
    b.define(
      output,
      b.emit('ResizeNearestNeighbor', { images: b.last(x) }, attributes, shape),
      'last',
    );
    return;
  }
  let register = image ? b.last(x) : b.plain(x);
  for (const axis of axes) {
    register = axis.indices
      ? gather(b, register, axis.place, axis.indices)
      : interpolate(b, register, axis);
  }
  b.define(output, register, image ? 'last' : 'plain');
};

/** Images of another size. */
export const resizing: Lowerings = { Resize: resize };
