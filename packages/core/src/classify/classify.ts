/** Class scores before any softmax, one a class. */
export type Scores = ArrayLike<number> & Iterable<number>;

/** One class with its probability. */
export interface ClassScore {
  readonly index: number;
  /** 0..1; the probabilities of all classes sum to one. */
  readonly probability: number;
  /** The score before the softmax. */
  readonly logit: number;
}

/**
 * Softmax, computed after subtracting the maximum so that it never overflows.
 *
 * @param logits one score a class
 * @returns probabilities that sum to one, in float64
 */
export function softmax(logits: Scores): Float64Array {
  const out = new Float64Array(logits.length);
  let highest = -Infinity;
  for (const logit of logits) highest = Math.max(highest, logit);
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += out[i] = Math.exp(logits[i]! - highest);
  for (let i = 0; i < out.length; i++) out[i]! /= total;
  return out;
}

/**
 * The most probable classes, best first; equal scores in the order of their index.
 *
 * @param logits one score a class, before any softmax
 * @param count how many to give at most
 */
export function topClasses(logits: Scores, count: number): ClassScore[] {
  const probabilities = softmax(logits);
  return Array.from(probabilities, (probability, index) => ({
    index,
    probability,
    logit: logits[index]!,
  }))
    .sort((a, b) => b.logit - a.logit || a.index - b.index)
    .slice(0, count);
}
