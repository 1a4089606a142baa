import type { Rules } from '../rule.js';
import { expand, reshape, transpose } from '../shaping.js';

/**
 * Einsum of one or more inputs: the cotangent of an input is the sum over products of dy with the other inputs, which
 * is an Einsum again; an axis that only this input has was summed away, so its cotangent is repeated along it.
 */
export const einsum: Rules = {
  Einsum: (step) => {
    const { b, node, dy } = step;
    const { equation } = node.attributes;
    const written = (equation?.type === 'string' ? equation.value : '').replaceAll(/\s/g, '');
    const [left = '', right] = written.split('->');
    const terms = left.split(',');
    const result = right ?? implicit(terms);
    if (written.includes('.')) step.refuse(`its equation "${written}" has an ellipsis.`);
    return terms.map((term, index) => {
      if (!step.needs(index)) return undefined;
      if (new Set(term).size < term.length) {
        return step.refuse(`its equation "${written}" takes a diagonal.`);
      }
      const others = terms.filter((_, i) => i !== index);
      const inputs = [dy, ...node.inputs.filter((_, i) => i !== index)];
      const given = new Set([result, ...others].join(''));
      const kept = Array.from(term).filter((letter) => given.has(letter));
      const shape = step.shape(index);
      const sum =
        others.length === 0 && kept.length === result.length
          ? transpose(
              b,
              dy,
              kept.map((letter) => result.indexOf(letter)),
            )
          : b.emit('Einsum', inputs, {
              equation: `${[result, ...others].join(',')}->${kept.join('')}`,
            });
      const ones = Array.from(term, (letter, axis) => (given.has(letter) ? shape[axis]! : 1));
      return expand(b, reshape(b, sum, ones), shape);
    });
  },
};

/** Without an arrow: the letters that stand once, in alphabetical order. */
function implicit(terms: readonly string[]): string {
  const all = terms.join('');
  return Array.from(new Set(all))
    .filter((letter) => all.indexOf(letter) === all.lastIndexOf(letter))
    .sort()
    .join('');
}
