import { factsOf, type Node } from '@convlens/onnx';
import type { LayerKind } from './network.js';

/** What a node is to a person, going by its operator alone. */
export function kindOf(node: Pick<Node, 'op' | 'domain'>): LayerKind {
  const { role } = factsOf(node);
  return role === undefined || role === 'plumbing' ? 'other' : role;
}

/** Whether a node only passes numbers on, moved or cut. */
export function isPlumbing(node: Pick<Node, 'op' | 'domain'>): boolean {
  return factsOf(node).role === 'plumbing';
}

// The parts of patterns that are recognised, such as x * sigmoid(x): a new operator belongs to none of them by itself.

function set(operators: string): ReadonlySet<string> {
  return new Set(operators.split(' '));
}

/** Operators whose result does not depend on the numbers that they read. */
export const CONSTANT = set('Shape Size ConstantOfShape');

/** Operators that, with a constant, scale or shift. */
export const AFFINE = set('Add Sub Mul Div');

/** Activations that gate: x * f(x) is one activation to a person. */
export const GATES = set('Sigmoid HardSigmoid Tanh Clip');
