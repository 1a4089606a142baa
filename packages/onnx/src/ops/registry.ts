import { convolution } from './conv.js';
import { elementwise } from './elementwise.js';
import type { Facts } from './facts.js';
import { indexing } from './gather.js';
import { joining } from './joining.js';
import { losses } from './losses.js';
import { making } from './making.js';
import { products } from './matmul.js';
import { normalization } from './normalization.js';
import { padding } from './pad.js';
import { pooling } from './pool.js';
import { reducing } from './reduce.js';
import { resizing } from './resize.js';
import type { Rule, Rules } from './rule.js';
import { shaping } from './shaping.js';
import { slicing } from './slice.js';

const rules: Rules = {
  ...convolution,
  ...elementwise,
  ...indexing,
  ...joining,
  ...losses,
  ...making,
  ...normalization,
  ...padding,
  ...pooling,
  ...products,
  ...reducing,
  ...resizing,
  ...shaping,
  ...slicing,
};

/**
 * What Convlens knows of an operator; `undefined` when that is nothing.
 *
 * @param op name in the standard domain
 */
export function ruleOf(op: string): Rule | undefined {
  return Object.hasOwn(rules, op) ? rules[op] : undefined;
}

/**
 * What is true of an operator wherever it stands; nothing of one that Convlens does not know.
 *
 * @param node a node, or an operator of the standard domain
 */
export function factsOf({ op, domain = '' }: { op: string; domain?: string }): Facts {
  return (domain === '' ? ruleOf(op) : undefined) ?? {};
}

/**
 * Names of the operators of the standard domain that have a rule, in alphabetical order.
 */
export function supportedOperators(): string[] {
  return Object.keys(rules).sort();
}
