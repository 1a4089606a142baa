import type { Graph } from '@convlens/onnx';
import { Draft } from './draft.js';

const same = (kernel: number) => {
  const pad = (kernel - 1) / 2;
  return [pad, pad, pad, pad];
};

function conv(draft: Draft, x: string, out: number, into: number, kernel: number, stride = 1) {
  const attributes = { strides: [stride, stride], pads: same(kernel), group: 1 };
  return draft.conv(x, [out, into, kernel], attributes, false);
}

function finish(draft: Draft, x: string, channels: number): Graph {
  const pooled = draft.op('Flatten', [draft.op('GlobalAveragePool', [x])], { axis: 1 });
  const inputs = [pooled, draft.weights([10, channels]), draft.weights([10])];
  const scores = draft.op('Gemm', inputs, { transB: 1 });
  return draft.graph(['data', ['N', 3, 64, 64]], scores, { opset: 7, producer: 'mxnet' });
}

/** ResNet v1 of Gluon's zoo: batch norm kept, opset 7, the stride of a bottleneck in its first 1x1; narrow. */
export function mxnetResNet(blocks: readonly number[], bottleneck: boolean): Graph {
  const draft = new Draft();
  const relu = (x: string) => draft.op('Relu', [x]);
  let x = relu(draft.norm(conv(draft, 'data', 8, 3, 7, 2), 8));
  x = draft.op('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: same(3) });
  let channels = 8;
  blocks.forEach((count, stage) => {
    const inner = 8 * 2 ** stage;
    const out = bottleneck ? inner * 4 : inner;
    for (let at = 0; at < count; at += 1) {
      const stride = at === 0 && stage > 0 ? 2 : 1;
      let y: string;
      if (bottleneck) {
        y = relu(draft.norm(conv(draft, x, inner, channels, 1, stride), inner));
        y = relu(draft.norm(conv(draft, y, inner, inner, 3), inner));
        y = draft.norm(conv(draft, y, out, inner, 1), out);
      } else {
        y = relu(draft.norm(conv(draft, x, inner, channels, 3, stride), inner));
        y = draft.norm(conv(draft, y, out, inner, 3), out);
      }
      const needs = stride > 1 || channels !== out;
      const way = needs ? draft.norm(conv(draft, x, out, channels, 1, stride), out) : x;
      x = relu(draft.op('Add', [way, y]));
      channels = out;
    }
  });
  return finish(draft, x, channels);
}

/** ResNet v2 of Gluon's zoo: batch norm of the image, pre-activated blocks, projections of the activated map. */
export function mxnetResNetV2(blocks: readonly number[], bottleneck: boolean): Graph {
  const draft = new Draft();
  const active = (x: string, channels: number) => draft.op('Relu', [draft.norm(x, channels)]);
  const zeros = draft.constant([0, 0, 0]);
  const ones = draft.constant([1, 1, 1]);
  let x = draft.op('BatchNormalization', ['data', ones, zeros, zeros, ones]);
  x = active(conv(draft, x, 8, 3, 7, 2), 8);
  x = draft.op('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: same(3) });
  let channels = 8;
  blocks.forEach((count, stage) => {
    const inner = 8 * 2 ** stage;
    const out = bottleneck ? inner * 4 : inner;
    for (let at = 0; at < count; at += 1) {
      const stride = at === 0 && stage > 0 ? 2 : 1;
      const before = active(x, channels);
      let y: string;
      if (bottleneck) {
        y = active(conv(draft, before, inner, channels, 1), inner);
        y = active(conv(draft, y, inner, inner, 3, stride), inner);
        y = conv(draft, y, out, inner, 1);
      } else {
        y = active(conv(draft, before, inner, channels, 3, stride), inner);
        y = conv(draft, y, out, inner, 3);
      }
      const needs = stride > 1 || channels !== out;
      const way = needs ? conv(draft, before, out, channels, 1, stride) : x;
      x = draft.op('Add', [y, way]);
      channels = out;
    }
  });
  return finish(draft, active(x, channels), channels);
}

/** ResNet for CIFAR with shortcut A: every second position and zeros for the new channels. */
export function cifarResNet(blocksPerStage: number): Graph {
  const draft = new Draft();
  const relu = (x: string) => draft.op('Relu', [x]);
  let x = relu(draft.norm(conv(draft, 'data', 4, 3, 3), 4));
  let channels = 4;
  for (const out of [4, 8, 16]) {
    for (let at = 0; at < blocksPerStage; at += 1) {
      const stride = out > channels ? 2 : 1;
      let y = relu(draft.norm(conv(draft, x, out, channels, 3, stride), out));
      y = draft.norm(conv(draft, y, out, out, 3), out);
      let way = x;
      if (stride > 1) {
        const half = (out - channels) / 2;
        const [from, to, axes] = [draft.int64(0, 0), draft.int64(999, 999), draft.int64(2, 3)];
        way = draft.op('Slice', [x, from, to, axes, draft.int64(2, 2)]);
        way = draft.op('Pad', [way, draft.int64(0, half, 0, 0, 0, half, 0, 0)]);
      }
      x = relu(draft.op('Add', [y, way]));
      channels = out;
    }
  }
  const pooled = draft.op('AveragePool', [x], { kernel_shape: [8, 8] });
  const flat = draft.op('Flatten', [pooled], { axis: 1 });
  const scores = draft.op('Gemm', [flat, draft.weights([10, 16]), draft.weights([10])], {
    transB: 1,
  });
  return draft.graph(['data', ['N', 3, 32, 32]], scores);
}
