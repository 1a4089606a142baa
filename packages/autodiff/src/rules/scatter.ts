import { intAttribute, type Node } from '@convlens/onnx';
import { int, text } from '../attribute.js';
import type { Rules, Step } from '../rule.js';
import { zeros } from '../shaping.js';

function reductionOf(step: Step): 'none' | 'add' {
  const { reduction } = step.node.attributes;
  const value = reduction?.type === 'string' ? reduction.value : 'none';
  if (value === 'none' || value === 'add') return value;
  return step.refuse(`its reduction "${value}" has no derivative here; none and add have one.`);
}

const axisOf = (node: Node, other: number): { axis: ReturnType<typeof int> } => ({
  axis: int(intAttribute(node, 'axis', other)),
});

/**
 * Operators that read or write elements at indices, each the other's transpose: what was read gets its cotangent
 * added where it was read; what was written gets the cotangent from where it was written, and what was written over
 * gets none.
 */
export const scattering: Rules = {
  GatherElements: (step) => {
    const { b, node, dy } = step;
    const shape = step.shape();
    const into = zeros(b, shape, dy);
    const attributes = { ...axisOf(node, 0), reduction: text('add') };
    return [b.one('ScatterElements', [into, step.x(1), dy], shape, attributes)];
  },

  GatherND: (step) => {
    const { b, node, dy } = step;
    if (intAttribute(node, 'batch_dims', 0) !== 0) step.refuse('its batch_dims are not 0.');
    const shape = step.shape();
    const into = zeros(b, shape, dy);
    return [b.one('ScatterND', [into, step.x(1), dy], shape, { reduction: text('add') })];
  },

  ScatterElements: (step) => {
    const { b, node, dy } = step;
    const axis = axisOf(node, 0);
    const kept = (): string =>
      b.one('ScatterElements', [dy, step.x(1), zeros(b, step.shape(2), dy)], step.shape(), axis);
    const add = reductionOf(step) === 'add';
    return [
      step.needs(0) ? (add ? dy : kept()) : undefined,
      undefined,
      step.needs(2) ? b.one('GatherElements', [dy, step.x(1)], step.shape(2), axis) : undefined,
    ];
  },

  ScatterND: (step) => {
    const { b, dy } = step;
    const kept = (): string =>
      b.one('ScatterND', [dy, step.x(1), zeros(b, step.shape(2), dy)], step.shape());
    const add = reductionOf(step) === 'add';
    return [
      step.needs(0) ? (add ? dy : kept()) : undefined,
      undefined,
      step.needs(2) ? b.one('GatherND', [dy, step.x(1)], step.shape(2)) : undefined,
    ];
  },

  /** The values are read at the indices that the operator gives as its second output. */
  TopK: (step) => {
    const { b, node, dy } = step;
    const shape = step.shape();
    const indices = b.furtherOutput(node, 1, 'int64', b.shape(step.y));
    const attributes = { ...axisOf(node, -1), reduction: text('add') };
    return [b.one('ScatterElements', [zeros(b, shape, dy), indices, dy], shape, attributes)];
  },

  /** A running sum from the other end. */
  CumSum: (step) => {
    const { b, node, dy } = step;
    const reverse = 1 - intAttribute(node, 'reverse', 0);
    const exclusive = int(intAttribute(node, 'exclusive', 0));
    return [b.one('CumSum', [dy, step.x(1)], step.shape(), { exclusive, reverse: int(reverse) })];
  },

  /** The same triangle. */
  Trilu: (step) => {
    const { b, node, dy } = step;
    const upper = int(intAttribute(node, 'upper', 1));
    return [b.one('Trilu', [dy, ...node.inputs.slice(1)], step.shape(), { upper })];
  },
};
