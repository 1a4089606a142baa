import { transposedGeometryOf, type Geometry } from '@convlens/autodiff';
import { intAttribute, type TensorData } from '@convlens/onnx';
import type { Builder } from '../builder.js';
import { channelsOf, emitConvolution } from './emit-convolution.js';
import type { Lowering } from './lowering.js';

/**
 * One axis of a transposed convolution with stride s as a convolution with stride 1 that computes s outputs at each
 * position: output s m + r - shift is the sum over q of in[q] w[t] with s q + t = s m + r - shift + before.
 */
interface Phases {
  /** Extent of the filters. */
  readonly extent: number;
  /** Positions before the input. */
  readonly before: number;
  /** Outputs that are dropped in front. */
  readonly shift: number;
  /** Which tap of the original filters stands at a position of a phase's filter; -1 for none. */
  readonly taps: readonly (readonly number[])[];
}

function phasesWith(kernel: number, stride: number, before: number, shift: number): Phases {
  // Tap j of phase r reads in[m + front - j] with w[stride j + rest].
  const offset = (r: number): number => r - shift + before;
  const fronts = Array.from({ length: stride }, (_, r) => Math.floor(offset(r) / stride));
  const rests = fronts.map((front, r) => offset(r) - stride * front);
  const counts = rests.map((rest) => Math.max(Math.ceil((kernel - rest) / stride), 0));
  const used = fronts.map((_, r) => r).filter((r) => counts[r]! > 0);
  const last = Math.max(...used.map((r) => fronts[r]!));
  const first = Math.min(0, ...used.map((r) => fronts[r]! - counts[r]! + 1));
  const extent = last - first + 1;
  const taps = fronts.map((front, r) =>
    Array.from({ length: extent }, (_, u) => {
      const j = front - first - u;
      return j >= 0 && j < counts[r]! ? stride * j + rests[r]! : -1;
    }),
  );
  return { extent, before: -first, shift, taps };
}

/** The phases with the smaller filters: with outputs shifted so that each phase begins at the same input, or as they are. */
function phasesOf(kernel: number, stride: number, before: number): Phases {
  const straight = phasesWith(kernel, stride, before, 0);
  const shifted = phasesWith(kernel, stride, before, before);
  return shifted.extent < straight.extent ? shifted : straight;
}

/** Filters of all phases side by side: `[height, width, in, rows * columns * out]`. */
function phaseFilters(weights: TensorData<'float32'>, rows: Phases, columns: Phases): Float32Array {
  const [inputs, outputs, height, width] = weights.shape as [number, number, number, number];
  const [down, across] = [rows.taps.length, columns.taps.length];
  const all = down * across * outputs;
  const data = new Float32Array(rows.extent * columns.extent * inputs * all);
  for (let y = 0; y < rows.extent; y++) {
    for (let x = 0; x < columns.extent; x++) {
      for (let phase = 0; phase < down * across; phase++) {
        const row = rows.taps[Math.floor(phase / across)]![y]!;
        const column = columns.taps[phase % across]![x]!;
        if (row < 0 || column < 0) continue;
        const tap = row * width + column;
        for (let input = 0; input < inputs; input++) {
          const at = ((y * columns.extent + x) * inputs + input) * all + phase * outputs;
          const from = input * outputs * height * width + tap;
          for (let out = 0; out < outputs; out++) {
            data[at + out] = weights.data[from + out * height * width]!;
          }
        }
      }
    }
  }
  return data;
}

/** Phases in the channels to their places: `[n, h, w, rows * columns * c]` to `[n, h * rows, w * columns, c]`. */
function interleave(b: Builder, x: number, [rows, columns]: readonly [number, number]): number {
  const [n, h, w, channels] = b.extents(x) as [number, number, number, number];
  const out = channels / (rows * columns);
  const shape = [n, h * rows, w * columns, out];
  if (rows === 1 && columns === 1) return x;
  // An exchange of axes: the kernel DepthToSpace takes ten times as long on WASM.
  const apart = b.reshape(x, [n * h, w, rows, columns * out]);
  return b.reshape(b.transpose(apart, [0, 2, 1, 3]), shape);
}

/** The part of a register's images that is wanted, with zeros where it reaches beyond them. */
function crop(b: Builder, x: number, start: readonly number[], size: readonly number[]): number {
  const [n, h, w, c] = b.extents(x) as [number, number, number, number];
  const missing = size.map((extent, axis) => Math.max(start[axis]! + extent - [h, w][axis]!, 0));
  const full = b.pad(x, [
    [0, 0],
    [0, missing[0]!],
    [0, missing[1]!],
    [0, 0],
  ]);
  return b.slice(full, [0, ...start, 0], [n, ...size, c]);
}

/** One group: a convolution with stride 1 of all phases, which then take their places. */
function byPhases(
  b: Builder,
  key: string,
  x: number,
  weights: TensorData<'float32'>,
  geometry: Geometry,
): number {
  const { kernel, strides, before, from, to } = geometry;
  const [rows, columns] = kernel.map((extent, axis) =>
    phasesOf(extent, strides[axis]!, before[axis]!),
  ) as [Phases, Phases];
  const both = [rows, columns];
  const pads = both.map(({ extent, before: front, shift }, axis): [number, number] => {
    const positions = Math.ceil((from[axis]! + shift) / strides[axis]!);
    return [front, Math.max(positions - to[axis]! - front + extent - 1, 0)];
  }) as [[number, number], [number, number]];
  const shape = [
    rows.extent,
    columns.extent,
    weights.shape[0]!,
    strides[0]! * strides[1]! * weights.shape[1]!,
  ] as const;
  const filter = { key, shape, make: () => phaseFilters(weights, rows, columns) };
  const positions = both.map(
    ({ extent }, axis) => to[axis]! + pads[axis]![0] + pads[axis]![1] - extent + 1,
  );
  const all = emitConvolution(b, { x, filter, pads, to: positions });
  const placed = interleave(b, all, strides as [number, number]);
  return crop(
    b,
    placed,
    both.map(({ shift }) => shift),
    from,
  );
}

/** Zeros between the positions of a register, as many as the strides leave out. */
function spread(b: Builder, x: number, strides: readonly number[]): number {
  const [, , , c] = b.extents(x) as [number, number, number, number];
  const phases = strides[0]! * strides[1]!;
  if (phases === 1) return x;
  const padded = b.pad(x, [
    [0, 0],
    [0, 0],
    [0, 0],
    [0, c * (phases - 1)],
  ]);
  return interleave(b, padded, strides as [number, number]);
}

/** Filters of one position for all phases would be mostly zeros: the positions are multiplied, then spread. */
function byPoints(
  b: Builder,
  key: string,
  x: number,
  weights: TensorData<'float32'>,
  { strides, from, to }: Geometry,
): number {
  const shape = [1, 1, weights.shape[0]!, weights.shape[1]!] as const;
  const filter = { key, shape, make: () => weights.data };
  const none: [number, number] = [0, 0];
  const product = emitConvolution(b, { x, filter, pads: [none, none], to });
  return crop(b, spread(b, product, strides), none, from);
}

/** Each channel on its own: zeros between the positions, then a depthwise convolution with filters turned round. */
function depthwise(
  b: Builder,
  name: string,
  x: number,
  weights: TensorData<'float32'>,
  geometry: Geometry,
): number {
  const { kernel, strides, dilations, before, from } = geometry;
  const spaced = spread(b, x, strides);
  const [channels, multiple, height, width] = weights.shape as [number, number, number, number];
  const taps = height * width;
  const make = (): Float32Array => {
    const data = new Float32Array(weights.data.length);
    weights.data.forEach((value, i) => {
      data[(taps - 1 - (i % taps)) * channels * multiple + Math.floor(i / taps)] = value;
    });
    return data;
  };
  const shape = [height, width, channels, multiple] as const;
  const filter = { key: `turned ${name}`, shape, make };
  const [, ...large] = b.extents(spaced) as [number, number, number, number];
  const reach = kernel.map((extent, axis) => dilations[axis]! * (extent - 1));
  const pads = reach.map((n, axis): [number, number] => {
    const front = n - before[axis]!;
    return [front, Math.max(from[axis]! + n - front - large[axis]!, 0)];
  }) as [[number, number], [number, number]];
  if (pads.some(([front]) => front < 0)) throw b.refusal('its padding exceeds its kernel.');
  const to = reach.map((n, axis) => large[axis]! + pads[axis]![0] + pads[axis]![1] - n);
  const convolution = { x: spaced, filter, dilations, pads, to };
  return crop(b, emitConvolution(b, convolution, 'FusedDepthwiseConv2D'), [0, 0], from);
}

/** One group whose filters are computed: zeros between the positions, then a convolution with filters turned round. */
function byZeros(b: Builder, x: number, w: number, geometry: Geometry): number {
  const { kernel, strides, dilations, before, from } = geometry;
  const spaced = spread(b, x, strides);
  const turned = b.transpose(w, [2, 3, 0, 1]);
  const filter = b.emit('Reverse', { x: turned }, { dims: [0, 1] }, b.extents(turned));
  const [, ...large] = b.extents(spaced) as [number, number, number, number];
  const reach = kernel.map((extent, axis) => dilations[axis]! * (extent - 1));
  const pads = reach.map((n, axis): [number, number] => {
    const front = n - before[axis]!;
    return [front, Math.max(from[axis]! + n - front - large[axis]!, 0)];
  }) as [[number, number], [number, number]];
  if (pads.some(([front]) => front < 0)) throw b.refusal('its padding exceeds its kernel.');
  const to = reach.map((n, axis) => large[axis]! + pads[axis]![0] + pads[axis]![1] - n);
  return crop(b, emitConvolution(b, { x: spaced, filter, dilations, pads, to }), [0, 0], from);
}

/**
 * Lowers a ConvTranspose node, without its own kernel: where there is a stride, as a convolution that computes all outputs
 * between two positions at once.
 *
 * @see Shi et al., Is the deconvolution layer the same as a convolutional layer?, 2016
 */
export const transposeConvolution: Lowering = (b, node) => {
  const [x = '', w = '', bias = ''] = node.inputs;
  const output = node.outputs[0]!;
  const shape = b.shape(x);
  const weights = b.constant(w) as TensorData<'float32'> | undefined;
  if (shape.length !== 4) throw b.refusal('convolutions are supported over images only.');
  const [inputs, perGroup, ...kernel] = b.shape(w) as [number, number, number, number];
  const groups = intAttribute(node, 'group', 1);
  const geometry = transposedGeometryOf(node, shape.slice(2), b.shape(output).slice(2), kernel);
  const { dilations } = geometry;
  const input = b.last(x);
  const each = inputs / groups;
  let y: number;
  if (!weights) {
    const all = b.plain(w);
    const parts = Array.from({ length: groups }, (_, group) => {
      const own = b.slice(all, [group * each, 0, 0, 0], [each, perGroup, ...kernel]);
      const part = groups === 1 ? input : channelsOf(b, input, group * each, each);
      return byZeros(b, part, own, geometry);
    });
    const shape = b.shapeIn(output, 'last');
    y = groups === 1 ? parts[0]! : b.emit('Concat', parts, { axis: 3 }, shape);
  } else if (groups > 1 && each === 1) y = depthwise(b, w, input, weights, geometry);
  else {
    if (dilations.some((n) => n > 1)) throw b.refusal('its filters are dilated.');
    const points = kernel.every((extent) => extent === 1) && geometry.before.every((n) => n === 0);
    const parts = Array.from({ length: groups }, (_, group) => {
      const size = each * perGroup * kernel[0] * kernel[1];
      const data = weights.data.subarray(group * size, (group + 1) * size);
      const own = { ...weights, shape: [each, perGroup, ...kernel], data };
      const part = groups === 1 ? input : channelsOf(b, input, group * each, each);
      const key = `phases ${group} ${geometry.before.join()} ${geometry.strides.join()} ${w}`;
      return (points ? byPoints : byPhases)(b, key, part, own, geometry);
    });
    const all = b.shapeIn(output, 'last');
    y = groups === 1 ? parts[0]! : b.emit('Concat', parts, { axis: 3 }, all);
  }
  if (bias) y = b.emit('Add', { a: y, b: b.plain(bias) }, {}, b.shapeIn(output, 'last'));
  b.define(output, y, 'last');
};
