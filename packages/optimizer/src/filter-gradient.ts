import {
  consumers,
  intAttribute,
  intsAttribute,
  producers,
  type Graph,
  type GraphBuilder,
  type Node,
  type ValueInfo,
} from '@convlens/onnx';

type Pair = readonly [vertical: number, horizontal: number];

/** Extents of the gradient of the filters of a convolution of one group over images. */
export interface FilterGradientShape {
  readonly batch: number;
  /** Channels of the convolution's input. */
  readonly inputs: number;
  /** Channels of its output. */
  readonly outputs: number;
  /** Rows and columns of its input. */
  readonly from: Pair;
  /** Rows and columns of its output. */
  readonly to: Pair;
  readonly kernel: Pair;
}

/**
 * How the gradient of filters is computed. `direct`: as it is written, a convolution of the input with the cotangent whose batch
 * and channels are exchanged. `taps`: a matrix product for each place of the filters, over all images and positions.
 * `images`: a matrix product for each image, of its windows with its cotangent, summed over the images.
 */
export type FilterGradientForm = 'direct' | 'taps' | 'images';

/** What derivatives write for the gradient of filters. */
export interface FilterGradient {
  /** The node that ends it. */
  readonly last: Node;
  /** The other nodes that nothing else reads. */
  readonly others: readonly Node[];
  readonly x: string;
  readonly dy: string;
  readonly shape: FilterGradientShape;
  readonly strides: Pair;
  readonly dilations: Pair;
  /** Rows above and below, columns left and right. */
  readonly pads: readonly [number, number, number, number];
}

type ShapeOf = (name: string) => readonly number[] | undefined;

/** Whether a node exchanges the first two of four axes; one of which has extent 1 where that is a Reshape. */
function swaps(node: Node | undefined, shapeOf: ShapeOf): node is Node {
  if (node?.domain !== '') return false;
  if (node.op === 'Transpose') return intsAttribute(node, 'perm', []).join() === '1,0,2,3';
  if (node.op !== 'Reshape') return false;
  const [from, to] = [shapeOf(node.inputs[0]!), shapeOf(node.outputs[0]!)];
  if (!from || !to || (from[0] !== 1 && from[1] !== 1)) return false;
  return [from[1], from[0], from[2], from[3]].join() === to.join();
}

/** Whether a Slice takes first elements only. */
function takesFirst(graph: Graph, { inputs }: Node): boolean {
  const [, starts = '', , , steps] = inputs;
  const begins = graph.initializers.get(starts);
  return !steps && begins !== undefined && [...begins.data].every((start) => Number(start) === 0);
}

/**
 * Finds the gradients of filters in a differentiated graph.
 *
 * @param graph any graph
 * @param values types and shapes of its values
 */
export function filterGradientsOf(
  graph: Graph,
  values: ReadonlyMap<string, ValueInfo>,
): readonly FilterGradient[] {
  const makers = producers(graph);
  const readers = consumers(graph);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const shapeOf: ShapeOf = (name) => {
    const shape = values.get(name)?.shape ?? graph.initializers.get(name)?.shape;
    return shape?.length === 4 && shape.every((n) => typeof n === 'number') ? shape : undefined;
  };
  const onlyFor = (name: string, reader: Node): boolean =>
    !outputs.has(name) && readers.get(name)?.every((node) => node === reader) === true;
  return graph.nodes.flatMap((last): FilterGradient[] => {
    if (!swaps(last, shapeOf)) return [];
    const others: Node[] = [];
    let maker = makers.get(last.inputs[0]!);
    if (!maker || !onlyFor(last.inputs[0]!, last)) return [];
    if (maker.op === 'Slice' && takesFirst(graph, maker)) {
      others.push(maker);
      const before = makers.get(maker.inputs[0]!);
      if (!before || !onlyFor(maker.inputs[0]!, maker)) return [];
      maker = before;
    }
    if (maker.op !== 'Conv' || maker.inputs[2] || intAttribute(maker, 'group', 1) !== 1) return [];
    const conv = maker;
    others.push(conv);
    const [left, right] = conv.inputs.map((name) => makers.get(name));
    if (!swaps(left, shapeOf) || !swaps(right, shapeOf)) return [];
    for (const node of [left, right]) if (onlyFor(node.outputs[0]!, conv)) others.push(node);
    const [x, dy] = [left.inputs[0]!, right.inputs[0]!];
    const [from, to, filters] = [shapeOf(x), shapeOf(dy), shapeOf(last.outputs[0]!)];
    if (!from || !to || !filters) return [];
    const pair = (name: string): Pair => {
      const [down = 1, across = 1] = intsAttribute(conv, name, []);
      return [down, across];
    };
    const [above = 0, before = 0, below = 0, behind = 0] = intsAttribute(conv, 'pads', []);
    const shape: FilterGradientShape = {
      batch: from[0]!,
      inputs: from[1]!,
      outputs: to[1]!,
      from: [from[2]!, from[3]!],
      to: [to[2]!, to[3]!],
      kernel: [filters[2]!, filters[3]!],
    };
    const pads = [above, below, before, behind] as const;
    // Strides and dilations have exchanged their roles in it.
    const [strides, dilations] = [pair('dilations'), pair('strides')];
    return [{ last, others, x, dy, shape, strides, dilations, pads }];
  });
}

/** For each place of the filters, the part of x that it meets, rows and columns along these axes. */
function parts(
  b: GraphBuilder,
  { shape, strides, dilations }: FilterGradient,
  x: string,
  axes: Pair,
): string[] {
  const { kernel, to } = shape;
  const result: string[] = [];
  for (let row = 0; row < kernel[0]; row++) {
    for (let column = 0; column < kernel[1]; column++) {
      const start = [row * dilations[0], column * dilations[1]];
      const end = start.map((at, axis) => at + (to[axis]! - 1) * strides[axis]! + 1);
      result.push(b.emit('Slice', [x], { starts: start, ends: end, axes, steps: strides }));
    }
  }
  return result;
}

/**
 * Emits the gradient of filters as matrix products. The node that was emitted last makes it.
 *
 * @param b where to emit
 * @param gradient what is computed
 * @param form as which
 */
export function emitFilterGradient(
  b: GraphBuilder,
  gradient: FilterGradient,
  form: Exclude<FilterGradientForm, 'direct'>,
): void {
  const { x, dy, shape, pads } = gradient;
  const { batch, inputs, outputs, kernel, to } = shape;
  const [above, below, before, behind] = pads;
  const padded = pads.some((n) => n > 0)
    ? b.emit('Pad', [x], { pads: [0, 0, above, before, 0, 0, below, behind] })
    : x;
  const positions = to[0] * to[1];
  if (form === 'images') {
    const windows = b.emit('Concat', parts(b, gradient, padded, [2, 3]), { axis: 1 });
    const taps = kernel[0] * kernel[1];
    const rows = b.emit('Reshape', [windows], { shape: [batch, taps * inputs, positions] });
    const flat = b.emit('Reshape', [dy], { shape: [batch, outputs, positions] });
    const columns = b.emit('Transpose', [flat], { perm: [0, 2, 1] });
    const each = b.emit('MatMul', [rows, columns]);
    const sum = b.emit('ReduceSum', [each], { axes: [0], keepdims: 0 });
    const apart = b.emit('Reshape', [sum], { shape: [...kernel, inputs, outputs] });
    b.emit('Transpose', [apart], { perm: [3, 2, 0, 1] });
    return;
  }
  const last = b.emit('Transpose', [padded], { perm: [0, 2, 3, 1] });
  const turned = b.emit('Transpose', [dy], { perm: [1, 0, 2, 3] });
  const rows = b.emit('Reshape', [turned], { shape: [outputs, batch * positions] });
  const products = parts(b, gradient, last, [1, 2]).map((part) => {
    const columns = b.emit('Reshape', [part], { shape: [batch * positions, inputs] });
    return b.emit('Reshape', [b.emit('MatMul', [rows, columns])], { shape: [outputs, inputs, 1] });
  });
  const all = products.length === 1 ? products[0]! : b.emit('Concat', products, { axis: 2 });
  b.emit('Reshape', [all], { shape: [outputs, inputs, ...kernel] });
}
