import {
  intAttribute,
  intsAttribute,
  stringAttribute,
  type Graph,
  type Node,
  type TensorData,
  type ValueInfo,
} from '@convlens/onnx';

/** Extents of a convolution of one group over images, as far as the choice of its form depends on them. */
export interface ConvolutionShape {
  /** Images; 1 where the graph leaves it open. */
  readonly batch: number;
  /** Channels of the input. */
  readonly inputs: number;
  /** Channels of the output. */
  readonly outputs: number;
  /** Rows and columns of the input. */
  readonly from: readonly [height: number, width: number];
  /** Rows and columns of the output. */
  readonly to: readonly [height: number, width: number];
  readonly kernel: readonly [height: number, width: number];
  readonly strides: readonly [vertical: number, horizontal: number];
  readonly dilations: readonly [vertical: number, horizontal: number];
  /** Whether there is padding on any side. */
  readonly padded: boolean;
}

/** A convolution with constant weights. */
export interface Convolution {
  readonly node: Node;
  readonly shape: ConvolutionShape;
  /** Whether the number of images is only known at run time. */
  readonly openBatch: boolean;
  /** Rows above and columns left of the input. */
  readonly before: readonly [top: number, left: number];
  /** `[outputs, inputs, ...kernel]` */
  readonly weights: TensorData<'float32'>;
  /** `[outputs]` */
  readonly bias: TensorData<'float32'> | undefined;
}

/**
 * Whether a convolution only moves numbers: no filter has more than one weight that is not zero. Graphs compare its
 * results with what it moved (the derivative of max-pooling does), so it must stay exact.
 */
function onlyMoves({ shape, data }: TensorData<'float32'>): boolean {
  const size = data.length / shape[0]!;
  for (let start = 0; start < data.length; start += size) {
    let weights = 0;
    for (let i = start; i < start + size; i++) if (data[i] !== 0 && ++weights > 1) return false;
  }
  return true;
}

type Pair = readonly [number, number];

function float32Of(graph: Graph, name: string | undefined): TensorData<'float32'> | undefined {
  const tensor = name ? graph.initializers.get(name) : undefined;
  return tensor?.dtype === 'float32' ? (tensor as TensorData<'float32'>) : undefined;
}

/**
 * Reads a node as a convolution that can be rewritten: Conv over images, of one group, in float32, with constant
 * weights and bias and known extents (the batch may be open), which does more than move numbers.
 *
 * @param graph the graph
 * @param values dtypes and shapes of its values
 * @param node a node of it
 * @returns `undefined` for anything else
 */
export function convolutionOf(
  graph: Graph,
  values: ReadonlyMap<string, ValueInfo>,
  node: Node,
): Convolution | undefined {
  if (node.op !== 'Conv' || node.domain !== '' || intAttribute(node, 'group', 1) !== 1) return;
  const [x = '', w, b = ''] = node.inputs;
  const weights = float32Of(graph, w);
  const bias = float32Of(graph, b);
  const shape = values.get(x)?.shape;
  if (weights?.shape.length !== 4 || (b !== '' && !bias) || shape?.length !== 4) return;
  if (onlyMoves(weights)) return;
  const autoPad = stringAttribute(node, 'auto_pad', 'NOTSET');
  if (autoPad !== 'NOTSET' && autoPad !== 'VALID') return;
  const [batch, , ...from] = shape;
  if (from.some((extent) => typeof extent !== 'number')) return;
  const pads =
    autoPad === 'VALID' ? [0, 0, 0, 0] : intsAttribute(node, 'pads', [0, 0, 0, 0]).slice();
  if (pads.some((pad) => pad < 0)) return;
  const pair = (name: string): Pair => {
    const [vertical = 1, horizontal = 1] = intsAttribute(node, name, [1, 1]);
    return [vertical, horizontal];
  };
  const [outputs, inputs, ...kernel] = weights.shape as [number, number, number, number];
  const [strides, dilations] = [pair('strides'), pair('dilations')];
  const to = kernel.map((extent, axis) => {
    const room = (from[axis] as number) + pads[axis]! + pads[axis + 2]!;
    return Math.floor((room - dilations[axis]! * (extent - 1) - 1) / strides[axis]!) + 1;
  });
  return {
    node,
    shape: {
      batch: typeof batch === 'number' ? batch : 1,
      inputs,
      outputs,
      from: from as unknown as Pair,
      to: to as unknown as Pair,
      kernel: kernel,
      strides,
      dilations,
      padded: pads.some((pad) => pad > 0),
    },
    openBatch: typeof batch !== 'number',
    before: [pads[0]!, pads[1]!],
    weights,
    bias,
  };
}
