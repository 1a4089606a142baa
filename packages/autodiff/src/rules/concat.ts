import { intAttribute } from '@convlens/onnx';
import type { Rules } from '../rule.js';
import { fromFront, part, zeros } from '../shaping.js';

/** Concat and Split, which are each other's adjoint. */
export const joining: Rules = {
  /** Concat: each input gets its part of dy. */
  Concat: (step) => {
    const { b, node, dy } = step;
    const axis = fromFront(intAttribute(node, 'axis', 0), b.shape(dy).length);
    const shapes = node.inputs.map((_, index) => step.shape(index));
    const extents = shapes.map((shape) => shape[axis]!);
    if (shapes.length > 1 && node.inputs.every((_, index) => step.needs(index))) {
      return b.emitAll('Split', [dy], extents.length, { axis, split: extents });
    }
    let start = 0;
    return extents.map((extent, index) => {
      start += extent;
      return step.needs(index) ? part(b, dy, axis, start - extent, start) : undefined;
    });
  },

  /** Split: the cotangents of the parts in a row, zeros where there is none. */
  Split: (step) => {
    const { b, node, cotangents } = step;
    const shape = step.shape();
    const axis = fromFront(intAttribute(node, 'axis', 0), shape.length);
    const parts = node.outputs.map((name, i) => cotangents[i] ?? zeros(b, b.shape(name), step.x()));
    if (parts.length === 1) return [parts[0]];
    return [b.emit('Concat', parts, { axis })];
  },
};
