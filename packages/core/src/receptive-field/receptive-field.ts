import {
  factsOf,
  intAttribute,
  intsAttribute,
  stringAttribute,
  type Graph,
  type Node,
} from '@convlens/onnx';

/**
 * Along one axis: the unit at position p looks at the input pixels from `p * stride + low` to `p * stride + high`,
 * both included. Pixels outside the image are padding.
 */
export interface AxisField {
  readonly stride: number;
  readonly low: number;
  readonly high: number;
}

/** The receptive field of a layer's units; `undefined` where a unit sees the whole image. */
export interface ReceptiveField {
  readonly rows: AxisField;
  readonly columns: AxisField;
}

/** Pads at the low end of both axes, with `auto_pad` resolved. */
function lowPads(
  node: Node,
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  extents: readonly number[],
): readonly number[] {
  const auto = stringAttribute(node, 'auto_pad', 'NOTSET');
  if (auto === 'NOTSET') return intsAttribute(node, 'pads', [0, 0, 0, 0]);
  if (auto === 'VALID') return [0, 0];
  return kernel.map((size, axis) => {
    const extent = extents[axis]!;
    const stride = strides[axis]!;
    const reach = dilations[axis]! * (size - 1) + 1;
    const total = Math.max(0, (Math.ceil(extent / stride) - 1) * stride + reach - extent);
    return auto === 'SAME_LOWER' ? Math.ceil(total / 2) : Math.floor(total / 2);
  });
}

const numeric = (graph: Graph, name: string): readonly number[] =>
  (graph.values.get(name)?.shape ?? []).map((extent) => (typeof extent === 'number' ? extent : 1));

function union(a: ReceptiveField, b: ReceptiveField): ReceptiveField | undefined {
  const axis = (one: AxisField, other: AxisField): AxisField => ({
    stride: one.stride,
    low: Math.min(one.low, other.low),
    high: Math.max(one.high, other.high),
  });
  // Branches that arrive at different resolutions were resized on the way: no window describes that.
  if (a.rows.stride !== b.rows.stride || a.columns.stride !== b.columns.stride) return undefined;
  return { rows: axis(a.rows, b.rows), columns: axis(a.columns, b.columns) };
}

/** The window of a node's kernel, applied to the field of its input. */
function slide(graph: Graph, node: Node, field: ReceptiveField): ReceptiveField | undefined {
  const source = node.inputs[0]!;
  const kernel =
    node.op === 'Conv'
      ? (graph.initializers.get(node.inputs[1]!)?.shape.slice(2) ??
        numeric(graph, node.inputs[1]!).slice(2))
      : intsAttribute(node, 'kernel_shape', []);
  if (kernel.length !== 2) return undefined;
  const strides = intsAttribute(node, 'strides', [1, 1]);
  const dilations = intsAttribute(node, 'dilations', [1, 1]);
  const pads = lowPads(node, kernel, strides, dilations, numeric(graph, source).slice(2));
  const axis = (from: AxisField, i: number): AxisField => ({
    stride: from.stride * strides[i]!,
    low: from.low - from.stride * pads[i]!,
    high: from.high + from.stride * (dilations[i]! * (kernel[i]! - 1) - pads[i]!),
  });
  return { rows: axis(field.rows, 0), columns: axis(field.columns, 1) };
}

/**
 * Receptive fields of all values of a graph with respect to one image input, by propagating windows forward:
 * a kernel k with stride s, dilation d and padding p maps (stride S, low L, high H) to
 * (S s, L - S p, H + S (d (k - 1) - p)); branches are united (Dumoulin and Visin 2016; Araujo et al. 2019).
 *
 * @param graph with shapes inferred
 * @param input name of the image input
 * @returns the fields of values with spatial extent; a value that is missing sees the whole image, or none of it
 */
export function receptiveFields(graph: Graph, input: string): Map<string, ReceptiveField> {
  const point: AxisField = { stride: 1, low: 0, high: 0 };
  const fields = new Map<string, ReceptiveField>([[input, { rows: point, columns: point }]]);
  const dependent = new Set([input]);
  for (const node of graph.nodes) {
    const sources = node.inputs.filter((name) => dependent.has(name));
    if (sources.length === 0) continue;
    for (const output of node.outputs) dependent.add(output);
    let field: ReceptiveField | undefined;
    const { slides, pointwise } = factsOf(node);
    if (slides) {
      const from = fields.get(sources[0]!);
      field = from && slide(graph, node, from);
    } else if (node.op === 'Pad' || node.op === 'Slice') {
      field = shifted(graph, node, fields.get(sources[0]!));
    } else if (pointwise && intAttribute(node, 'axis', 1) === 1) {
      const all = sources.map((name) => fields.get(name));
      field = all.reduce((a, b) => a && b && union(a, b));
    }
    if (field) for (const output of node.outputs) fields.set(output, field);
  }
  return fields;
}

/** Pad moves the origin; Slice may take every n-th place. Channel-only forms leave the field as it is. */
function shifted(
  graph: Graph,
  node: Node,
  field: ReceptiveField | undefined,
): ReceptiveField | undefined {
  if (!field) return undefined;
  const constant = (index: number): readonly number[] | undefined => {
    const tensor = graph.initializers.get(node.inputs[index] ?? '');
    return tensor && Array.from(tensor.data as ArrayLike<bigint>, Number);
  };
  const offset = [0, 0];
  const step = [1, 1];
  if (node.op === 'Pad') {
    const pads = constant(1) ?? intsAttribute(node, 'pads', []);
    if (pads.length !== 8) return undefined;
    offset[0] = -pads[2]!;
    offset[1] = -pads[3]!;
  } else {
    const starts = constant(1) ?? intsAttribute(node, 'starts', []);
    const axes = constant(3) ?? intsAttribute(node, 'axes', [...starts.keys()]);
    const steps = constant(4) ?? starts.map(() => 1);
    const shape = numeric(graph, node.inputs[0]!);
    axes.forEach((axis, i) => {
      const at = axis < 0 ? axis + shape.length : axis;
      if (at < 2) return;
      const start = starts[i]!;
      offset[at - 2] = start < 0 ? start + shape[at]! : start;
      step[at - 2] = steps[i]!;
    });
  }
  const axis = (from: AxisField, i: number): AxisField => ({
    stride: from.stride * step[i]!,
    low: from.low + from.stride * offset[i]!,
    high: from.high + from.stride * offset[i]!,
  });
  return { rows: axis(field.rows, 0), columns: axis(field.columns, 1) };
}
