import { floatAttribute, intAttribute, intsAttribute, stringAttribute } from '@convlens/onnx';
import { emptyMatrix, type Matrix } from '../linear-map.js';
import type { Step } from '../rule.js';
import { fromFront } from '../shaping.js';

/** How a Resize node interpolates. */
export interface ResizeMode {
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubic: number;
  readonly excludeOutside: boolean;
  /** The scale that the node gives for an axis, if it gives scales. */
  readonly scaleOf: (axis: number, scales: readonly number[] | undefined) => number | undefined;
}

/** What is looked at of a Resize node: itself, its input's extents, its constant inputs by number, and how it is refused. */
export type ResizeNode = Pick<Step, 'node' | 'shape' | 'list' | 'refuse'>;

/** The ways from a place of the output to one of the input that are computed here. */
const COORDINATES = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_half_pixel_for_nn',
];

/**
 * Reads how a Resize node interpolates.
 *
 * @param step the node
 * @throws LensError `E_OP_UNSUPPORTED` for antialiasing, and for coordinates that are not computed here
 */
export function resizeModeOf(step: ResizeNode): ResizeMode {
  const { node } = step;
  const coordinates = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel');
  if (intAttribute(node, 'antialias', 0)) step.refuse('antialiasing is not supported.');
  if (!COORDINATES.includes(coordinates)) step.refuse(`${coordinates} is not supported.`);
  const rank = step.shape().length;
  const axes = intsAttribute(node, 'axes', undefined)?.map((axis) => fromFront(axis, rank));
  const kept = keptProportion(step, axes);
  return {
    mode: stringAttribute(node, 'mode', 'nearest'),
    coordinates,
    nearest: stringAttribute(node, 'nearest_mode', 'round_prefer_floor'),
    cubic: floatAttribute(node, 'cubic_coeff_a', -0.75),
    excludeOutside: intAttribute(node, 'exclude_outside', 0) === 1,
    scaleOf: (axis, scales) => {
      const at = axes ? axes.indexOf(axis) : axis;
      if (!scales || scales.length === 0) return at < 0 ? undefined : kept;
      return at < 0 ? 1 : scales[at];
    },
  };
}

/**
 * The one scale of all axes of a node that keeps the picture's proportions: the smallest or the largest of those that its sizes ask
 * for. The sizes are rounded to it, the coordinates are computed with itself.
 */
function keptProportion(step: ResizeNode, axes: readonly number[] | undefined): number | undefined {
  const policy = stringAttribute(step.node, 'keep_aspect_ratio_policy', 'stretch');
  if (policy === 'stretch') return undefined;
  const sizes = step.list(3);
  if (!sizes || sizes.length === 0) return undefined;
  const extents = step.shape();
  const scales = sizes.map((size, i) => Math.fround(size / extents[axes?.[i] ?? i]!));
  return policy === 'not_larger' ? Math.min(...scales) : Math.max(...scales);
}

/** The coordinate in the input that an output position shows, in float32 as the runtimes compute it. */
function coordinate(
  mode: string,
  position: number,
  extent: number,
  size: number,
  factor: number,
): number {
  const f = Math.fround;
  const scale = f(factor);
  switch (mode) {
    case 'align_corners':
      return size === 1 ? 0 : f(f(position * (extent - 1)) / (size - 1));
    case 'asymmetric':
      return f(position / scale);
    case 'tf_half_pixel_for_nn':
      return f((position + 0.5) / scale);
    case 'pytorch_half_pixel':
      return size > 1 ? f(f((position + 0.5) / scale) - 0.5) : 0;
    case 'half_pixel_symmetric': {
      const offset = f((extent / 2) * (1 - size / f(extent * scale)));
      return f(offset + f(f((position + 0.5) / scale) - 0.5));
    }
    default:
      return f(f((position + 0.5) / scale) - 0.5);
  }
}

function round(mode: string, x: number): number {
  if (mode === 'floor') return Math.floor(x);
  if (mode === 'ceil') return Math.ceil(x);
  return mode === 'round_prefer_ceil' ? Math.floor(x + 0.5) : Math.ceil(x - 0.5);
}

/** Weights of the four neighbours of a point at distance t behind the second (Keys 1981). */
function cubicWeights(a: number, t: number): number[] {
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return [far(1 + t), near(t), near(1 - t), far(2 - t)];
}

/**
 * The interpolation weights of one axis.
 *
 * @param mode how the node interpolates
 * @param extent extent of the input
 * @param size extent of the output
 * @param scale the factor that the coordinates are computed with
 * @returns a row for each output position
 * @see https://onnx.ai/onnx/operators/onnx__Resize.html
 */
export function resizeMatrix(
  mode: ResizeMode,
  extent: number,
  size: number,
  scale: number,
): Matrix {
  const matrix = emptyMatrix(size, extent);
  const inside = (at: number): number => Math.min(Math.max(at, 0), extent - 1);
  for (let row = 0; row < size; row++) {
    const x = coordinate(mode.coordinates, row, extent, size, scale);
    const add = (at: number, weight: number): void => {
      matrix.data[row * extent + inside(at)]! += weight;
    };
    if (mode.mode === 'nearest') add(round(mode.nearest, x), 1);
    else if (mode.mode === 'cubic') {
      const first = Math.floor(x) - 1;
      const weights = cubicWeights(mode.cubic, x - Math.floor(x));
      const used = weights.map((weight, i) =>
        mode.excludeOutside && inside(first + i) !== first + i ? 0 : weight,
      );
      const total = mode.excludeOutside ? used.reduce((sum, weight) => sum + weight) : 1;
      used.forEach((weight, i) => add(first + i, weight / total));
    } else {
      const clamped = inside(x);
      const first = Math.floor(clamped);
      add(first, 1 - (clamped - first));
      add(first + 1, clamped - first);
    }
  }
  return matrix;
}

/**
 * How often a matrix repeats every element, when that is all it does.
 *
 * @param matrix interpolation weights
 */
export function repeatOf({ rows, columns, data }: Matrix): number | undefined {
  const times = rows / columns;
  if (!Number.isInteger(times)) return undefined;
  for (let row = 0; row < rows; row++) {
    if (data[row * columns + Math.floor(row / times)] !== 1) return undefined;
  }
  return times;
}
