import {
  intAttribute,
  intsAttribute,
  stringAttribute,
  type Node,
  type Parameters,
} from '@convlens/onnx';

/** How a window moves over the spatial axes; one number an axis. */
export interface Geometry {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Positions that are added in front. What is added behind follows from the extents. */
  readonly before: readonly number[];
  /** Spatial extents of what the window moves over. */
  readonly from: readonly number[];
  /** Number of positions of the window. */
  readonly to: readonly number[];
}

/**
 * The geometry of a Conv or a pooling node, its automatic padding worked out.
 *
 * @param node the node
 * @param from spatial extents of its input
 * @param to spatial extents of its output
 * @param kernel spatial extents of the window
 * @see https://onnx.ai/onnx/operators/onnx__Conv.html (auto_pad)
 */
export function geometryOf(
  node: Node,
  from: readonly number[],
  to: readonly number[],
  kernel: readonly number[],
): Geometry {
  const ones = from.map(() => 1);
  const strides = intsAttribute(node, 'strides', ones);
  const dilations = intsAttribute(node, 'dilations', ones);
  const pads = intsAttribute(node, 'pads', undefined);
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET');
  const before = from.map((extent, axis) => {
    if (mode === 'VALID') return 0;
    if (mode === 'NOTSET' || mode === '') return pads?.[axis] ?? 0;
    const total = Math.max(
      (to[axis]! - 1) * strides[axis]! + dilations[axis]! * (kernel[axis]! - 1) + 1 - extent,
      0,
    );
    return mode === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
  return { kernel, strides, dilations, before, from, to };
}

/**
 * The geometry of a ConvTranspose, seen from its adjoint: the window moves over the node's *output*.
 *
 * @param node the node
 * @param input spatial extents of its input
 * @param output spatial extents of its output
 * @param kernel spatial extents of the window
 * @see https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
 */
export function transposedGeometryOf(
  node: Node,
  input: readonly number[],
  output: readonly number[],
  kernel: readonly number[],
): Geometry {
  const ones = input.map(() => 1);
  const strides = intsAttribute(node, 'strides', ones);
  const dilations = intsAttribute(node, 'dilations', ones);
  const extra = intsAttribute(
    node,
    'output_padding',
    input.map(() => 0),
  );
  const pads = intsAttribute(node, 'pads', undefined);
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET');
  const automatic =
    mode === 'SAME_UPPER' ||
    mode === 'SAME_LOWER' ||
    intsAttribute(node, 'output_shape', undefined) !== undefined;
  const before = input.map((extent, axis) => {
    if (!automatic) return mode === 'VALID' ? 0 : (pads?.[axis] ?? 0);
    const full =
      (extent - 1) * strides[axis]! + extra[axis]! + dilations[axis]! * (kernel[axis]! - 1) + 1;
    const total = Math.max(full - output[axis]!, 0);
    return mode === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
  return { kernel, strides, dilations, before, from: output, to: input };
}

/**
 * How many positions the windows reach beyond the end; negative when they stop short of it.
 *
 * @param geometry how the window moves
 */
export function overhang({ kernel, strides, dilations, before, from, to }: Geometry): number[] {
  return from.map(
    (extent, axis) =>
      strides[axis]! * (to[axis]! - 1) +
      dilations[axis]! * (kernel[axis]! - 1) +
      1 -
      extent -
      before[axis]!,
  );
}

/**
 * Whether windows lie side by side: no position is in two, and none between two is left out.
 *
 * @param geometry how the window moves
 */
export function tiles({ kernel, strides, dilations }: Geometry): boolean {
  return kernel.every(
    (extent, axis) => extent === strides[axis] && (extent === 1 || dilations[axis] === 1),
  );
}

/**
 * Attributes of a forward window operator. It stops short of the end where its windows do, so pads are not negative.
 *
 * @param geometry how the window moves
 */
export function windowAttributes(geometry: Geometry): Parameters {
  const { kernel, strides, dilations, before } = geometry;
  const after = overhang(geometry).map((n) => Math.max(n, 0));
  return {
    kernel_shape: kernel,
    strides: strides,
    dilations: dilations,
    pads: [...before, ...after],
  };
}

/**
 * Number of axes of a graph node's kernel, from the attribute.
 *
 * @param node a pooling node
 * @param rank number of spatial axes
 */
export function kernelOf(node: Node, rank: number): readonly number[] {
  return intsAttribute(node, 'kernel_shape', new Array<number>(rank).fill(1));
}

/**
 * Number of groups of a convolution.
 *
 * @param node a Conv or ConvTranspose
 */
export function groupsOf(node: Node): number {
  return intAttribute(node, 'group', 1);
}
