import { geometryOf, overhang } from '@convlens/autodiff';
import { intAttribute, intsAttribute, stringAttribute, type Node } from '@convlens/onnx';
import type { Builder } from '../builder.js';
import type { Lowering, Lowerings } from './lowering.js';

type Pads = [[number, number], [number, number]];

interface Windows {
  /** `[batch, height, width, channels]` */
  readonly x: number;
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: Pads;
  /** Extents of the result: `[batch, height, width, channels]`. */
  readonly shape: readonly number[];
}

function windowsOf(b: Builder, node: Node): Windows {
  const [x = ''] = node.inputs;
  const from = b.shape(x);
  const output = node.outputs[0]!;
  if (from.length !== 4) throw b.refusal('pooling is supported over images only.');
  const kernel = intsAttribute(node, 'kernel_shape', [1, 1]);
  const geometry = geometryOf(node, from.slice(2), b.shape(output).slice(2), kernel);
  if (geometry.dilations.some((n) => n !== 1)) throw b.refusal('its windows are dilated.');
  const behind = overhang(geometry);
  const pads = geometry.before.map((n, axis) => [n, Math.max(behind[axis]!, 0)]) as Pads;
  if (pads.some(([front]) => front < 0)) throw b.refusal('negative padding is not supported.');
  const { strides } = geometry;
  return { x: b.last(x), kernel, strides, pads, shape: b.shapeIn(output, 'last') };
}

function emitPool(b: Builder, kernel: 'MaxPool' | 'AvgPool', windows: Windows): number {
  const { x, strides, pads, shape } = windows;
  if (windows.kernel.every((extent) => extent === 1)) return pick(b, windows);
  const attributes = {
    filterSize: windows.kernel,
    strides,
    pad: [[0, 0], ...pads, [0, 0]],
    dimRoundingMode: 'floor',
  };
  return b.emit(kernel, { x }, attributes, shape);
}

/** A window of one position takes what is there; there is no kernel for it. */
function pick(b: Builder, { x, strides, pads, shape }: Windows): number {
  if (pads.flat().some((n) => n > 0)) throw b.refusal('a window of one position has padding.');
  const [, h = 1, w = 1] = shape;
  const end = [shape[0]!, (h - 1) * strides[0]! + 1, (w - 1) * strides[1]! + 1, shape[3]!];
  const attributes = {
    begin: [0, 0, 0, 0],
    end,
    strides: [1, ...strides, 1],
    beginMask: 0,
    endMask: 0,
    ellipsisMask: 0,
    newAxisMask: 0,
    shrinkAxisMask: 0,
  };
  return b.emit('StridedSlice', { x }, attributes, shape);
}

const maxPool: Lowering = (b, node) => {
  if (node.outputs[1]) throw b.refusal('it has no indices of maxima.');
  b.define(node.outputs[0]!, emitPool(b, 'MaxPool', windowsOf(b, node)), 'last');
};

/** The kernel leaves padding out of the mean; where it counts, zeros are added before. */
const averagePool: Lowering = (b, node) => {
  let windows = windowsOf(b, node);
  if (intAttribute(node, 'count_include_pad', 0) === 1) {
    const declared = intsAttribute(node, 'pads', [0, 0, 0, 0]);
    // What ceil_mode adds behind the padding counts nowhere.
    const added: Pads = stringAttribute(node, 'auto_pad', 'NOTSET').startsWith('SAME')
      ? windows.pads
      : [
          [declared[0]!, declared[2]!],
          [declared[1]!, declared[3]!],
        ];
    if (added.flat().some((count) => count > 0)) {
      const x = b.pad(windows.x, [[0, 0], ...added, [0, 0]]);
      const rest = windows.pads.map(([, behind], axis) => [
        0,
        Math.max(behind - added[axis]![1], 0),
      ]) as Pads;
      windows = { ...windows, x, pads: rest };
    }
  }
  b.define(node.outputs[0]!, emitPool(b, 'AvgPool', windows), 'last');
};

/** One window over everything. */
function whole(kernel: 'Mean' | 'Max'): Lowering {
  return (b, node) => {
    const [x = ''] = node.inputs;
    const output = node.outputs[0]!;
    if (b.shape(x).length !== 4) throw b.refusal('pooling is supported over images only.');
    const axes = [1, 2];
    const attributes = {
      keepDims: true,
      ...(kernel === 'Max' ? { reductionIndices: axes } : { axis: axes }),
    };
    b.define(
      output,
      b.emit(kernel, { x: b.last(x) }, attributes, b.shapeIn(output, 'last')),
      'last',
    );
  };
}

/** Pooling. */
export const pooling: Lowerings = {
  AveragePool: averagePool,
  GlobalAveragePool: whole('Mean'),
  GlobalMaxPool: whole('Max'),
  MaxPool: maxPool,
};
