import type { Attribute } from '../graph.js';
import type { Call, Typed } from './rule.js';

/** A list or number that is an attribute before a version of the operator set, and an input from it on. */
export interface Moved {
  readonly type: 'int' | 'ints' | 'float' | 'floats' | 'bool';
  /** Which input. */
  readonly input: number;
  /** First version of the operator set in which it is one. */
  readonly since: number;
}

/** What a node is told besides values: an attribute of a type, a text of which all possible ones are listed, or `Moved`. */
export type Parameter = Attribute['type'] | readonly string[] | Moved;

/** What a person calls a node of an operator; `plumbing` only passes numbers on, moved or cut. */
export type Role =
  'conv' | 'norm' | 'activation' | 'pool' | 'add' | 'concat' | 'dense' | 'softmax' | 'plumbing';

/** What is true of an operator wherever it stands: its row, but for how shapes and elements are computed. */
export interface Facts {
  /** All that its nodes can be told, in any version of the operator set. */
  readonly parameters?: Readonly<Record<string, Parameter>>;
  /** First version of the operator set that has it; from the beginning where it is left out. */
  readonly since?: number;
  /** Last version of the operator set that has it. */
  readonly until?: number;
  readonly role?: Role;
  /** A window slides over its first input: the output at a place depends on the inputs under the window there. */
  readonly slides?: true;
  /** The output at a place depends on the inputs at that place alone, of all channels. */
  readonly pointwise?: true;
  /** float16 is enough for it: it neither sums many numbers by itself nor divides by what may be small. */
  readonly float16?: true;
  /** Its results are finite as long as its inputs are, and do not grow beyond all bounds. */
  readonly tame?: true;
  /** Whether a node's first output, of the type that is given, is its first input unchanged. */
  readonly passes?: (call: Call, output: Typed) => boolean;
}

/**
 * A parameter that moved from the attributes to the inputs.
 *
 * @param type what it is
 * @param input which input it became
 * @param since first version of the operator set in which it is an input
 */
export function moved(type: Moved['type'], input: number, since: number): Moved {
  return { type, input, since };
}

/**
 * The type that a parameter has as an attribute.
 *
 * @param parameter from an operator's row
 */
export function typeOf(parameter: Parameter): Attribute['type'] {
  if (typeof parameter === 'string') return parameter;
  if (!('input' in parameter)) return 'string';
  return parameter.type === 'bool' ? 'int' : parameter.type;
}

/** Ways to pad that windows have. */
const AUTO_PAD = ['', 'NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'];

/** What convolutions and poolings are told alike. */
export const WINDOW = {
  auto_pad: AUTO_PAD,
  dilations: 'ints',
  kernel_shape: 'ints',
  pads: 'ints',
  strides: 'ints',
} as const satisfies Facts['parameters'];
