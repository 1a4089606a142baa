import type { Graph } from '@convlens/onnx';
import { Draft } from './draft.js';

/**
 * VGG as a Keras converter writes it: images `[batch, 32, 32, 3]`, a Transpose at each end, biases as Add, dense
 * layers as MatMul and Add, Softmax; narrow.
 */
export function kerasVgg(stages: readonly number[]): Graph {
  const draft = new Draft();
  let x = draft.op('Transpose', ['image'], { perm: [0, 3, 1, 2] });
  let channels = 3;
  stages.forEach((count, stage) => {
    const out = 4 * Math.min(2 ** stage, 8);
    for (let at = 0; at < count; at += 1) {
      x = draft.conv(x, [out, channels, 3], { pads: [1, 1, 1, 1] }, false);
      x = draft.op('Relu', [draft.op('Add', [x, draft.weights([1, out, 1, 1])])]);
      channels = out;
    }
    x = draft.op('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
  });
  x = draft.op('Transpose', [x], { perm: [0, 2, 3, 1] });
  x = draft.op('Reshape', [x, draft.int64(-1, channels)]);
  const units = [channels, 40, 40, 10];
  units.slice(1).forEach((out, at) => {
    x = draft.op('MatMul', [x, draft.weights([units[at]!, out])]);
    x = draft.op('Add', [x, draft.weights([out])]);
    x = out === 10 ? draft.op('Softmax', [x], { axis: -1 }) : draft.op('Relu', [x]);
  });
  return draft.graph(['image', ['unk__1', 32, 32, 3]], x, { producer: 'tf2onnx' });
}
