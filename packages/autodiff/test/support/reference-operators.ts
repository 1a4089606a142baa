import type { Node } from '@convlens/onnx';

/** Numbers in float64 with their extents. */
export interface Doubles {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** An operator with one output of the given shape, computed as its definition reads. */
type Operator = (inputs: readonly Doubles[], node: Node, shape: readonly number[]) => Float64Array;

const count = (shape: readonly number[]): number => shape.reduce((all, extent) => all * extent, 1);

/** All positions of a shape, last axis fastest. */
function* positions(shape: readonly number[]): Generator<readonly number[]> {
  const total = count(shape);
  const at = shape.map(() => 0);
  for (let i = 0; i < total; i++) {
    yield at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at[axis]!++;
      if (at[axis] !== shape[axis]) break;
      at[axis] = 0;
    }
  }
}

/** Offset of a position; undefined outside. */
function offset(shape: readonly number[], at: readonly number[]): number | undefined {
  let place = 0;
  for (const [axis, extent] of shape.entries()) {
    if (at[axis]! < 0 || at[axis]! >= extent) return undefined;
    place = place * extent + at[axis]!;
  }
  return place;
}

/** Files hold attributes in float32. */
function float(node: Node, name: string, fallback: number): number {
  const found = node.attributes[name];
  return found?.type === 'float' ? Math.fround(found.value) : Math.fround(fallback);
}

function int(node: Node, name: string, fallback: number): number {
  const found = node.attributes[name];
  return found?.type === 'int' ? Number(found.value) : fallback;
}

function ints(node: Node, name: string, fallback: readonly number[]): readonly number[] {
  const found = node.attributes[name];
  return found?.type === 'ints' ? found.value.map(Number) : fallback;
}

function text(node: Node, name: string): string | undefined {
  const found = node.attributes[name];
  return found?.type === 'string' ? found.value : undefined;
}

/** Strides, dilations and padding of a window that goes from the larger to the smaller spatial extents. */
function window(
  node: Node,
  large: readonly number[],
  kernel: readonly number[],
  small: readonly number[],
) {
  const ones = large.map(() => 1);
  const strides = ints(node, 'strides', ones);
  const dilations = ints(node, 'dilations', ones);
  const rest = ints(
    node,
    'output_padding',
    large.map(() => 0),
  );
  const auto = text(node, 'auto_pad') ?? 'NOTSET';
  const computed = auto !== 'NOTSET' || 'output_shape' in node.attributes;
  const given = ints(
    node,
    'pads',
    [...large, ...large].map(() => 0),
  );
  const total = large.map((extent, axis) => {
    if (!computed) return given[axis]! + given[axis + large.length]!;
    const reach = (kernel[axis]! - 1) * dilations[axis]! + 1 + rest[axis]!;
    return Math.max(0, (small[axis]! - 1) * strides[axis]! + reach - extent);
  });
  const begin = total.map((sum, axis) => {
    if (!computed) return given[axis]!;
    return auto === 'SAME_UPPER' ? Math.floor(sum / 2) : Math.ceil(sum / 2);
  });
  const end = total.map((sum, axis) => sum - begin[axis]!);
  const at = (from: readonly number[], tap: readonly number[]): number[] =>
    from.map((p, axis) => p * strides[axis]! - begin[axis]! + tap[axis]! * dilations[axis]!);
  return { at, end };
}

const conv: Operator = ([x, w, bias], node, shape) => {
  const [outputs = 0, perGroup = 0, ...kernel] = w!.shape;
  const size = outputs / int(node, 'group', 1);
  const { at } = window(node, x!.shape.slice(2), kernel, shape.slice(2));
  const y = new Float64Array(count(shape));
  let i = 0;
  for (const [n = 0, o = 0, ...to] of positions(shape)) {
    let sum = bias?.data[o] ?? 0;
    for (const [c = 0, ...tap] of positions([perGroup, ...kernel])) {
      const from = offset(x!.shape, [n, Math.floor(o / size) * perGroup + c, ...at(to, tap)]);
      if (from !== undefined) sum += x!.data[from]! * w!.data[offset(w!.shape, [o, c, ...tap])!]!;
    }
    y[i++] = sum;
  }
  return y;
};

const convTranspose: Operator = ([x, w, bias], node, shape) => {
  const [inputs = 0, perGroup = 0, ...kernel] = w!.shape;
  const size = inputs / int(node, 'group', 1);
  const { at } = window(node, shape.slice(2), kernel, x!.shape.slice(2));
  const plane = count(shape.slice(2));
  const y = Float64Array.from({ length: count(shape) }, (_, i) =>
    bias ? bias.data[Math.floor(i / plane) % shape[1]!]! : 0,
  );
  let i = 0;
  for (const [n = 0, c = 0, ...from] of positions(x!.shape)) {
    const value = x!.data[i++]!;
    for (const [o = 0, ...tap] of positions([perGroup, ...kernel])) {
      const to = offset(shape, [n, Math.floor(c / size) * perGroup + o, ...at(from, tap)]);
      if (to !== undefined) y[to]! += value * w!.data[offset(w!.shape, [c, o, ...tap])!]!;
    }
  }
  return y;
};

const averagePool: Operator = ([x], node, shape) => {
  const large = x!.shape.slice(2);
  const kernel = ints(node, 'kernel_shape', large);
  const { at, end } = window(node, large, kernel, shape.slice(2));
  const whole = int(node, 'count_include_pad', 0) === 1;
  const y = new Float64Array(count(shape));
  let i = 0;
  for (const [n = 0, c = 0, ...to] of positions(shape)) {
    let [sum, size] = [0, 0];
    for (const tap of positions(kernel)) {
      const place = at(to, tap);
      const from = offset(x!.shape, [n, c, ...place]);
      if (from !== undefined) sum += x!.data[from]!;
      const counts = whole && place.every((p, axis) => p < large[axis]! + end[axis]!);
      if (counts || from !== undefined) size++;
    }
    y[i++] = sum / size;
  }
  return y;
};

/** The planes of a batch of maps. */
const planes = ({ shape, data }: Doubles): Float64Array[] => {
  const size = count(shape.slice(2));
  return Array.from({ length: data.length / size }, (_, i) =>
    data.subarray(i * size, (i + 1) * size),
  );
};

const average = (list: Float64Array): number => list.reduce((sum, v) => sum + v, 0) / list.length;

const instanceNormalization: Operator = ([x, scale, bias], node) => {
  const epsilon = float(node, 'epsilon', 1e-5);
  const y = planes(x!).flatMap((plane, i) => {
    const mean = average(plane);
    const spread = Math.sqrt(average(plane.map((v) => (v - mean) ** 2)) + epsilon);
    const c = i % x!.shape[1]!;
    return Array.from(plane, (v) => (scale!.data[c]! * (v - mean)) / spread + bias!.data[c]!);
  });
  return Float64Array.from(y);
};

/** What belongs together lies side by side: `size` elements each. */
const standard = (x: Doubles, size: number, epsilon: number, centred = true): Float64Array => {
  const y = new Float64Array(x.data.length);
  for (let i = 0; i < y.length; i += size) {
    const part = x.data.subarray(i, i + size);
    const mean = centred ? average(part) : 0;
    const spread = Math.sqrt(average(part.map((v) => (v - mean) ** 2)) + epsilon);
    y.set(
      part.map((v) => (v - mean) / spread),
      i,
    );
  }
  return y;
};

const groupNormalization: Operator = ([x, scale, bias], node) => {
  const [, channels = 1, ...spatial] = x!.shape;
  const perGroup = channels / int(node, 'num_groups', 1);
  const h = standard(x!, perGroup * count(spatial), float(node, 'epsilon', 1e-5));
  return h.map((v, i) => {
    const c = Math.floor(i / count(spatial)) % channels;
    const at = scale!.data.length === channels ? c : Math.floor(c / perGroup);
    return v * scale!.data[at]! + bias!.data[at]!;
  });
};

const rmsNormalization: Operator = ([x, scale], node) => {
  const axis = int(node, 'axis', -1);
  const size = count(x!.shape.slice(axis));
  const h = standard(x!, size, float(node, 'epsilon', 1e-5), false);
  return h.map((v, i) => v * scale!.data[i % scale!.data.length]!);
};

const meanVarianceNormalization: Operator = ([x], node) => {
  const axes = ints(node, 'axes', [0, 2, 3]);
  const groups = new Map<string, number[]>();
  let i = 0;
  for (const at of positions(x!.shape)) {
    const key = at.filter((_, axis) => !axes.includes(axis)).join();
    groups.set(key, [...(groups.get(key) ?? []), i++]);
  }
  const y = new Float64Array(x!.data.length);
  for (const places of groups.values()) {
    const values = Float64Array.from(places, (place) => x!.data[place]!);
    const h = standard({ shape: [values.length], data: values }, values.length, 0);
    places.forEach((place, k) => (y[place] = h[k]!));
  }
  return y;
};

const length = (list: Iterable<number>, p: number): number => {
  let sum = 0;
  for (const v of list) sum += Math.abs(v) ** p;
  return sum ** (1 / p);
};

const lpPool: Operator = ([x], node, shape) => {
  const large = x!.shape.slice(2);
  const kernel = ints(node, 'kernel_shape', large);
  const { at } = window(node, large, kernel, shape.slice(2));
  const y = Array.from(positions(shape), ([n = 0, c = 0, ...to]) => {
    const taps = Array.from(positions(kernel), (tap) => offset(x!.shape, [n, c, ...at(to, tap)]));
    return length(
      taps.map((from) => (from === undefined ? 0 : x!.data[from]!)),
      int(node, 'p', 2),
    );
  });
  return Float64Array.from(y);
};

const lrn: Operator = ([x], node) => {
  const size = int(node, 'size', 1);
  const [alpha, beta] = [float(node, 'alpha', 1e-4), float(node, 'beta', 0.75)];
  const y = new Float64Array(x!.data.length);
  let i = 0;
  for (const [n = 0, c = 0, ...place] of positions(x!.shape)) {
    let squares = 0;
    for (let k = 0; k < size; k++) {
      const near = offset(x!.shape, [n, c - Math.floor((size - 1) / 2) + k, ...place]);
      if (near !== undefined) squares += x!.data[near]! ** 2;
    }
    y[i] = x!.data[i]! / (float(node, 'bias', 1) + (alpha / size) * squares) ** beta;
    i++;
  }
  return y;
};

/** The arguments broadcast, then averaged. */
const mean: Operator = (inputs, _, shape) => {
  const y = new Float64Array(count(shape));
  let i = 0;
  for (const at of positions(shape)) {
    for (const { shape: own, data } of inputs) {
      const place = at.slice(shape.length - own.length).map((p, axis) => (own[axis] === 1 ? 0 : p));
      y[i]! += data[offset(own, place)!]! / inputs.length;
    }
    i++;
  }
  return y;
};

/** The error function by its Taylor series, which is exact enough for the arguments below 3 of the tests. */
function erf(x: number): number {
  let [sum, term] = [0, x];
  for (let n = 0; n < 80; n++) {
    sum += term / (2 * n + 1);
    term *= -(x * x) / (n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const each =
  (f: (v: number, node: Node) => number): Operator =>
  ([x], node) =>
    x!.data.map((v) => f(v, node));

const hardSigmoid = (v: number, alpha: number, beta: number): number =>
  Math.min(1, Math.max(0, alpha * v + beta));
const elu = (v: number, alpha: number): number => (v > 0 ? v : alpha * Math.expm1(v));

/**
 * Operators that onnxruntime has no float64 kernel for, and Shrink, whose kernel rounds to float32 on the way. Resize is
 * not here: see `double.ts`.
 */
export const referenceOperators: Readonly<Record<string, Operator>> = {
  Acos: each(Math.acos),
  Acosh: each(Math.acosh),
  Asin: each(Math.asin),
  Asinh: each(Math.asinh),
  Atan: each(Math.atan),
  Atanh: each(Math.atanh),
  AveragePool: averagePool,
  Celu: each((v, node) => {
    const alpha = float(node, 'alpha', 1);
    return v > 0 ? v : alpha * Math.expm1(v / alpha);
  }),
  Conv: conv,
  ConvTranspose: convTranspose,
  Cosh: each(Math.cosh),
  Elu: each((v, node) => elu(v, float(node, 'alpha', 1))),
  Erf: each(erf),
  Gelu: each((v, node) =>
    text(node, 'approximate') === 'tanh'
      ? 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))
      : 0.5 * v * (1 + erf(v / Math.SQRT2)),
  ),
  GlobalLpPool: ([x], node) =>
    Float64Array.from(planes(x!), (plane) => length(plane, int(node, 'p', 2))),
  GroupNormalization: groupNormalization,
  GlobalAveragePool: ([x]) => Float64Array.from(planes(x!), average),
  GlobalMaxPool: ([x]) => Float64Array.from(planes(x!), (plane) => Math.max(...plane)),
  HardSigmoid: each((v, node) =>
    hardSigmoid(v, float(node, 'alpha', 0.2), float(node, 'beta', 0.5)),
  ),
  HardSwish: each((v) => v * hardSigmoid(v, 1 / 6, 0.5)),
  InstanceNormalization: instanceNormalization,
  LRN: lrn,
  LpPool: lpPool,
  Mean: mean,
  MeanVarianceNormalization: meanVarianceNormalization,
  RMSNormalization: rmsNormalization,
  Selu: each((v) => 1.0507009873554805 * elu(v, 1.6732632423543772)),
  Shrink: each((v, node) => {
    const bias = float(node, 'bias', 0);
    return Math.abs(v) > float(node, 'lambd', 0.5) ? v - Math.sign(v) * bias : 0;
  }),
  Sinh: each(Math.sinh),
  Softplus: each((v) => Math.log1p(Math.exp(v))),
  Softsign: each((v) => v / (1 + Math.abs(v))),
  Tan: each(Math.tan),
  ThresholdedRelu: each((v, node) => (v > float(node, 'alpha', 1) ? v : 0)),
};
