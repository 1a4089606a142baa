/** What gradient attacks climb: each is a function of the logits alone. */
export const attackLosses = ['cross-entropy', 'margin', 'dlr'] as const;

/** Cross-entropy, difference of two logits, or that difference over the spread of the highest ones. */
export type AttackLoss = (typeof attackLosses)[number];

/** Class scores before any softmax. */
type Logits = ArrayLike<number>;

/**
 * The highest score among all classes but one; the first of equals.
 *
 * @param logits one score a class
 * @param but class that does not count
 */
export function bestOther(logits: Logits, but: number): number {
  let best = but === 0 ? 1 : 0;
  for (let k = 0; k < logits.length; k++) if (k !== but && logits[k]! > logits[best]!) best = k;
  return best;
}

/**
 * The class with the highest score; the first of equals.
 *
 * @param logits one score a class
 */
export function topClass(logits: Logits): number {
  return bestOther(logits, -1);
}

/** log of the sum of exp(z_k - z_c) over k other than c, in float64. */
function logOdds(logits: Logits, c: number): number {
  const highest = logits[bestOther(logits, c)]!;
  let sum = 0;
  for (let k = 0; k < logits.length; k++) if (k !== c) sum += Math.exp(logits[k]! - highest);
  return highest - logits[c]! + Math.log(sum);
}

/**
 * -log softmax_c, in float64; precise also where the network is sure and it is tiny.
 *
 * @param logits one score a class
 * @param c the class
 */
export function crossEntropy(logits: Logits, c: number): number {
  const odds = logOdds(logits, c);
  return odds > 0 ? odds + Math.log1p(Math.exp(-odds)) : Math.log1p(Math.exp(odds));
}

/**
 * 1 - softmax_c: the length of the gradient of cross-entropy in units of the one that `Classifier.gradients` gives.
 *
 * @param logits one score a class
 * @param c the class
 */
export function probabilityOfOthers(logits: Logits, c: number): number {
  return 1 / (1 + Math.exp(-logOdds(logits, c)));
}

/**
 * The highest score of another class minus that of the class: above 0 when the class is not the answer.
 *
 * @param logits one score a class
 * @param c the class
 */
export function margin(logits: Logits, c: number): number {
  return logits[bestOther(logits, c)]! - logits[c]!;
}

/**
 * The difference of logits ratio, which does not change when all logits are shifted or scaled: with z_(1) >= z_(2) ...
 * the sorted scores, (max of the others - z_y) / (z_(1) - z_(3)), and towards a class t
 * (z_t - z_y) / (z_(1) - (z_(3) + z_(4)) / 2).
 *
 * @param logits one score a class: at least 3 classes, 4 towards a class
 * @param y the right class
 * @param t the class to reach
 * @see Croce and Hein, Reliable evaluation of adversarial robustness, ICML 2020, equations 6 and 7
 */
export function logitsRatio(logits: Logits, y: number, t?: number): number {
  const [first = 0, , third = 0, fourth = 0] = Array.from(logits).sort((a, b) => b - a);
  return t === undefined
    ? margin(logits, y) / (first - third + 1e-12)
    : (logits[t]! - logits[y]!) / (first - (third + fourth) / 2 + 1e-12);
}
