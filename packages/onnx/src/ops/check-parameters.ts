import { didYouMean } from '../nearest.js';
import { typeOf } from './facts.js';
import { fail, type Call, type Rule } from './rule.js';

/**
 * Checks that a node is told nothing that Convlens would ignore.
 *
 * @param call the node
 * @param rule the row of its operator
 * @throws LensError `E_OP_UNSUPPORTED` for an attribute that the row does not have, or a text that it does not list;
 * `E_ONNX_INVALID` for an attribute of another type
 */
export function checkParameters(call: Call, { parameters = {} }: Rule): void {
  for (const [name, { type, value }] of Object.entries(call.node.attributes)) {
    // Two underscores begin what a runtime notes down for itself.
    if (name.startsWith('__')) continue;
    if (!Object.hasOwn(parameters, name)) {
      const hint = didYouMean(name, Object.keys(parameters));
      fail(
        call,
        `it has the attribute ${name}, which Convlens does not know.${hint}`,
        'E_OP_UNSUPPORTED',
      );
    }
    const parameter = parameters[name]!;
    const expected = typeOf(parameter);
    if (type !== expected) {
      fail(
        call,
        `the attribute ${name} must be of type ${expected}, but is of type ${type}.`,
        'E_ONNX_INVALID',
      );
    }
    if (Array.isArray(parameter) && !parameter.includes(value)) {
      fail(
        call,
        `its ${name} is "${value as string}"; Convlens knows ${parameter.filter(Boolean).join(', ')}.`,
        'E_OP_UNSUPPORTED',
      );
    }
  }
}
