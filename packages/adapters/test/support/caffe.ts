import type { Graph } from '@convlens/onnx';
import { Draft } from './draft.js';

interface AlexNetVariant {
  readonly poolFirst?: boolean;
  readonly firstKernel?: number;
  readonly groups?: number;
}

/** AlexNet as Caffe2 exported it: LRN, two groups, explicit pads, Reshape before Gemm, Dropout, Softmax; narrow. */
export function caffeAlexNet(variant: AlexNetVariant = {}): Graph {
  const { poolFirst = false, firstKernel = 11, groups = 2 } = variant;
  const draft = new Draft();
  const pooled = (x: string) =>
    draft.op('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [0, 0, 0, 0] });
  const normed = (x: string) => draft.op('LRN', [x], { size: 5, alpha: 0.0001, beta: 0.75 });
  const both = (x: string) => (poolFirst ? normed(pooled(x)) : pooled(normed(x)));
  const conv = (x: string, out: number, into: number, kernel: number, pad: number, group = 1) => {
    const attributes = { group, pads: [pad, pad, pad, pad], strides: [1, 1] };
    return draft.op('Relu', [draft.conv(x, [out, into / group, kernel], attributes)]);
  };
  const pads = firstKernel === 11 ? [2, 2, 2, 2] : [1, 1, 1, 1];
  let x = draft.conv('data_0', [12, 3, firstKernel], { strides: [4, 4], pads });
  x = both(draft.op('Relu', [x]));
  x = both(conv(x, 32, 12, 5, 2, groups));
  x = conv(x, 48, 32, 3, 1);
  x = conv(x, 48, 48, 3, 1, groups);
  x = pooled(conv(x, 32, 48, 3, 1, groups));
  x = draft.op('Reshape', [x, draft.int64(1, -1)]);
  const dense = (from: string, out: number, into: number) =>
    draft.op('Gemm', [from, draft.weights([out, into]), draft.weights([out])], { transB: 1 });
  for (const into of [1152, 64]) {
    x = draft.op('Relu', [dense(x, 64, into)]);
    x = draft.op('Dropout', [x]);
  }
  x = draft.op('Softmax', [dense(x, 100, 64)], { axis: 1 });
  return draft.graph(['data_0', [1, 3, 224, 224]], x, { opset: 9, producer: 'onnx-caffe2' });
}

/** DenseNet as converted from Caffe: BN + Mul + Add, two maps a Concat, a 1x1 convolution as classifier; narrow. */
export function caffeDenseNet(blocks: readonly number[]): Graph {
  const draft = new Draft();
  const scaled = (x: string, channels: number) => {
    const norm = draft.norm(x, channels);
    const mul = draft.op('Mul', [norm, draft.weights([channels, 1, 1], 1)]);
    return draft.op('Relu', [draft.op('Add', [mul, draft.weights([channels, 1, 1])])]);
  };
  let x = draft.conv('data', [8, 3, 7], { strides: [2, 2], pads: [3, 3, 3, 3] }, false);
  x = draft.op('MaxPool', [scaled(x, 8)], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  });
  let channels = 8;
  blocks.forEach((count, at) => {
    for (let layer = 0; layer < count; layer += 1) {
      let y = draft.conv(scaled(x, channels), [16, channels, 1], {}, false);
      y = draft.conv(scaled(y, 16), [4, 16, 3], { pads: [1, 1, 1, 1] }, false);
      x = draft.op('Concat', [x, y], { axis: 1 });
      channels += 4;
    }
    x = scaled(x, channels);
    if (at === blocks.length - 1) return;
    const half = Math.floor(channels / 2);
    x = draft.conv(x, [half, channels, 1], {}, false);
    x = draft.op('AveragePool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
    channels = half;
  });
  x = draft.conv(draft.op('GlobalAveragePool', [x]), [10, channels, 1]);
  return draft.graph(['data', [1, 3, 224, 224]], x, { opset: 9, producer: 'onnx-caffe2' });
}
