import type { Graph } from '@convlens/onnx';
import { Draft } from './draft.js';

function pool(draft: Draft, x: string, stride = 2): string {
  const pads = stride === 1 ? [1, 1, 1, 1] : [0, 0, 1, 1];
  return draft.op('MaxPool', [x], { kernel_shape: [3, 3], strides: [stride, stride], pads });
}

function active(draft: Draft, x: string, out: number, into: number, kernel: number, stride = 1) {
  const pad = (kernel - 1) / 2;
  const attributes = { strides: [stride, stride], pads: [pad, pad, pad, pad] };
  return draft.op('Relu', [draft.conv(x, [out, into, kernel], attributes)]);
}

/** GoogLeNet without response normalisation; each branch gives four maps. */
export function googLeNet(): Graph {
  const draft = new Draft();
  let x = pool(draft, active(draft, 'image', 8, 3, 7, 2));
  x = pool(draft, active(draft, active(draft, x, 8, 8, 1), 16, 8, 3));
  [2, 5, 2].forEach((count, stage) => {
    for (let at = 0; at < count; at += 1) {
      const branches = [
        active(draft, x, 4, 16, 1),
        active(draft, active(draft, x, 2, 16, 1), 4, 2, 3),
        active(draft, active(draft, x, 2, 16, 1), 4, 2, 5),
        active(draft, pool(draft, x, 1), 4, 16, 1),
      ];
      x = draft.op('Concat', branches, { axis: 1 });
    }
    if (stage < 2) x = pool(draft, x);
  });
  x = draft.op('Flatten', [draft.op('GlobalAveragePool', [x])], { axis: 1 });
  x = draft.op('Gemm', [x, draft.weights([16, 10]), draft.weights([10])]);
  return draft.graph(['image', ['N', 3, 224, 224]], x);
}

/** SqueezeNet 1.0, whose first kernel is 7x7; narrow. */
export function squeezeNet(): Graph {
  const draft = new Draft();
  let x = pool(draft, active(draft, 'image', 8, 3, 7, 2));
  for (let fire = 2; fire <= 9; fire += 1) {
    const squeezed = active(draft, x, 2, 8, 1);
    const expanded = [active(draft, squeezed, 4, 2, 1), active(draft, squeezed, 4, 2, 3)];
    x = draft.op('Concat', expanded, { axis: 1 });
    if (fire === 4 || fire === 8) x = pool(draft, x);
  }
  x = active(draft, draft.op('Dropout', [x]), 10, 8, 1);
  x = draft.op('GlobalAveragePool', [x]);
  x = draft.op('Softmax', [draft.op('Flatten', [x], { axis: 1 })], { axis: 1 });
  return draft.graph(['image', ['N', 3, 224, 224]], x);
}

/** Two inverted residual blocks with a gate each and x * sigmoid(x) as activation. */
export function gatedNetwork(): Graph {
  const draft = new Draft();
  const swish = (x: string) => draft.op('Mul', [x, draft.op('Sigmoid', [x])]);
  let x = swish(draft.conv('image', [8, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }));
  for (let at = 0; at < 2; at += 1) {
    let y = swish(draft.conv(x, [16, 8, 1]));
    y = swish(draft.conv(y, [16, 1, 3], { group: 16, pads: [1, 1, 1, 1] }));
    const squeezed = draft.op('GlobalAveragePool', [y]);
    const gate = draft.op('Sigmoid', [draft.conv(squeezed, [16, 16, 1])]);
    y = draft.conv(draft.op('Mul', [y, gate]), [8, 16, 1]);
    x = draft.op('Add', [y, x]);
  }
  x = draft.op('Flatten', [draft.op('GlobalAveragePool', [x])], { axis: 1 });
  x = draft.op('Gemm', [x, draft.weights([8, 10])]);
  return draft.graph(['image', ['N', 3, 64, 64]], x);
}
