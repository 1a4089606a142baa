import type { LayerKind } from './network.js';

/** Operators by what they are to a person; what is in no list is `other`. */
const KINDS: readonly (readonly [LayerKind, string])[] = [
  ['conv', 'Conv ConvTranspose'],
  ['norm', 'BatchNormalization LRN InstanceNormalization LayerNormalization GroupNormalization'],
  [
    'activation',
    'Relu LeakyRelu PRelu Elu Selu Celu Sigmoid HardSigmoid HardSwish Mish Gelu Tanh Clip Softplus',
  ],
  ['pool', 'MaxPool AveragePool GlobalMaxPool GlobalAveragePool ReduceMean ReduceMax'],
  ['add', 'Add Sum'],
  ['concat', 'Concat'],
  ['dense', 'Gemm MatMul'],
  ['softmax', 'Softmax LogSoftmax'],
];

const KIND_OF = new Map<string, LayerKind>();
for (const [kind, operators] of KINDS) {
  for (const operator of operators.split(' ')) KIND_OF.set(operator, kind);
}

function set(operators: string): ReadonlySet<string> {
  return new Set(operators.split(' '));
}

/** What an operator is to a person, going by its name alone. */
export function kindOf(operator: string): LayerKind {
  return KIND_OF.get(operator) ?? 'other';
}

/** Operators that only pass numbers on, moved or cut. */
export const PLUMBING = set(
  'Identity Dropout Reshape Flatten Transpose Squeeze Unsqueeze Slice Split Pad Cast Expand',
);

/** Operators whose result does not depend on the numbers that they read. */
export const CONSTANT = set('Shape Size ConstantOfShape');

/** Operators that, with a constant, scale or shift. */
export const AFFINE = set('Add Sub Mul Div');

/** Activations that gate: x * f(x) is one activation to a person. */
export const GATES = set('Sigmoid HardSigmoid Tanh Clip');
