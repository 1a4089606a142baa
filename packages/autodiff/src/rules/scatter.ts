import { intAttribute, type Node } from '@convlens/onnx';
import type { Rules, Step } from '../rule.js';
import { zeros } from '../shaping.js';

function reductionOf(step: Step): 'none' | 'add' {
  const { reduction } = step.node.attributes;
  const value = reduction?.type === 'string' ? reduction.value : 'none';
  if (value === 'none' || value === 'add') return value;
  return step.refuse(`its reduction "${value}" has no derivative here; none and add have one.`);
}

const axisOf = (node: Node, other: number): { axis: number } => ({
  axis: intAttribute(node, 'axis', other),
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
    const attributes = { ...axisOf(node, 0), reduction: 'add' };
    return [b.emit('ScatterElements', [into, step.x(1), dy], attributes)];
  },

  GatherND: (step) => {
    const { b, node, dy } = step;
    if (intAttribute(node, 'batch_dims', 0) !== 0) step.refuse('its batch_dims are not 0.');
    const shape = step.shape();
    const into = zeros(b, shape, dy);
    return [b.emit('ScatterND', [into, step.x(1), dy], { reduction: 'add' })];
  },

  ScatterElements: (step) => {
    const { b, node, dy } = step;
    const axis = axisOf(node, 0);
    const kept = (): string =>
      b.emit('ScatterElements', [dy, step.x(1), zeros(b, step.shape(2), dy)], axis);
    const add = reductionOf(step) === 'add';
    return [
      step.needs(0) ? (add ? dy : kept()) : undefined,
      undefined,
      step.needs(2) ? b.emit('GatherElements', [dy, step.x(1)], axis) : undefined,
    ];
  },

  ScatterND: (step) => {
    const { b, dy } = step;
    const kept = (): string => b.emit('ScatterND', [dy, step.x(1), zeros(b, step.shape(2), dy)]);
    const add = reductionOf(step) === 'add';
    return [
      step.needs(0) ? (add ? dy : kept()) : undefined,
      undefined,
      step.needs(2) ? b.emit('GatherND', [dy, step.x(1)]) : undefined,
    ];
  },

  /** The values are read at the indices that the operator gives as its second output. */
  TopK: (step) => {
    const { b, node, dy } = step;
    const shape = step.shape();
    const indices = b.furtherOutput(node, 1);
    const attributes = { ...axisOf(node, -1), reduction: 'add' };
    return [b.emit('ScatterElements', [zeros(b, shape, dy), indices, dy], attributes)];
  },

  /** A running sum from the other end. */
  CumSum: (step) => {
    const { b, node, dy } = step;
    const reverse = 1 - intAttribute(node, 'reverse', 0);
    const exclusive = intAttribute(node, 'exclusive', 0);
    return [b.emit('CumSum', [dy, step.x(1)], { exclusive, reverse: reverse })];
  },

  /** The same triangle. */
  Trilu: (step) => {
    const { b, node, dy } = step;
    const upper = intAttribute(node, 'upper', 1);
    return [b.emit('Trilu', [dy, ...node.inputs.slice(1)], { upper })];
  },
};
