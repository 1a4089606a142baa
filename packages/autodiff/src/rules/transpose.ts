import { intsAttribute } from '@convlens/onnx';
import type { Rules } from '../rule.js';
import { transpose } from '../shaping.js';

/** Transpose: the inverse permutation of dy. */
export const transposition: Rules = {
  Transpose: (step) => {
    const shape = step.shape();
    const order = intsAttribute(
      step.node,
      'perm',
      shape.map((_, axis) => shape.length - 1 - axis),
    );
    return [
      transpose(
        step.b,
        step.dy,
        shape.map((_, axis) => order.indexOf(axis)),
      ),
    ];
  },
};
