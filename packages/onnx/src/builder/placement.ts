import { LensError } from '../errors.js';
import type { Attribute, Node } from '../graph.js';
import { didYouMean } from '../nearest.js';
import type { Moved } from '../ops/facts.js';
import { ruleOf } from '../ops/registry.js';
import type { Rule } from '../ops/rule.js';
import { attributeOf, isMoved, type Parameters } from './attribute.js';
import { toFloats } from './constants.js';
import type { GraphBuilder } from './graph-builder.js';

/**
 * The row of an operator.
 *
 * @param op the operator
 * @param opset version of the operator set
 * @throws LensError `E_OP_UNSUPPORTED` when there is none, or the operator set does not have the operator
 */
function rowOf(op: string, opset: number): Rule {
  const rule = ruleOf(op);
  if (!rule) {
    throw new LensError('E_OP_UNSUPPORTED', `Convlens has no rule for the operator ${op}.`);
  }
  const { since = 1, until = Infinity } = rule;
  if (opset >= since && opset <= until) return rule;
  throw new LensError(
    'E_OP_UNSUPPORTED',
    `Version ${opset} of the operator set has no ${op}; versions from ${since}${until === Infinity ? '' : ` to ${until}`} have it.`,
  );
}

/**
 * Puts parameters where the operator set has them: into the attributes, or behind the inputs.
 *
 * @param b where constants are stored
 * @param op the operator
 * @param values its inputs; what became one is put behind them
 * @param given what it is told
 * @returns the attributes
 * @throws LensError `E_ARGUMENT` for parameters that the operator has not
 */
export function place(
  b: GraphBuilder,
  op: string,
  values: string[],
  given: Parameters,
): Record<string, Attribute> {
  const { parameters: row = {} } = rowOf(op, b.opset);
  const attributes: Record<string, Attribute> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const parameter = row[name];
    if (!parameter) {
      const hint = didYouMean(name, Object.keys(row));
      throw new LensError('E_ARGUMENT', `${op} has no parameter ${name}.${hint}`);
    }
    const attribute = attributeOf(`${op}: ${name}`, parameter, value);
    if (isMoved(parameter) && b.opset >= parameter.since) put(b, values, parameter, value);
    else attributes[name] = attribute;
  }
  return attributes;
}

/**
 * A node with attributes that are inputs by now as inputs.
 *
 * @param b where constants are stored
 * @param node any node
 * @returns the same node when there are none
 */
export function renewed(b: GraphBuilder, node: Node): Node {
  const { parameters = {} } = (node.domain === '' ? ruleOf(node.op) : undefined) ?? {};
  const inputs = [...node.inputs];
  const kept = Object.entries(node.attributes).filter(([name, { value }]) => {
    const parameter = parameters[name];
    if (!parameter || !isMoved(parameter) || b.opset < parameter.since) return true;
    put(b, inputs, parameter, value);
    return false;
  });
  if (kept.length === Object.keys(node.attributes).length) return node;
  return { ...node, inputs, attributes: Object.fromEntries(kept) };
}

function put(b: GraphBuilder, values: string[], { type, input }: Moved, value: unknown): void {
  while (values.length < input) values.push('');
  values[input] = constantOf(b, type, value, values[0]!);
}

function constantOf(b: GraphBuilder, type: Moved['type'], value: unknown, like: string): string {
  switch (type) {
    case 'int':
      return b.integers([value as number]);
    case 'ints':
      return b.integers(value as readonly number[]);
    case 'float':
      return b.number(value as number, like);
    case 'floats': {
      const list = value as readonly number[];
      return b.constant(toFloats(list, [list.length], 'float32'), 'floats');
    }
    case 'bool': {
      const data = Uint8Array.of(Number(value));
      return b.constant({ dtype: 'bool', shape: [], data }, String(value));
    }
  }
}
