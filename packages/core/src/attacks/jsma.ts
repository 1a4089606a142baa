import { attackMethod, type AttackMethod } from './method.js';
import { bestOther } from './losses.js';
import { fools } from './objective.js';
import { plain } from './parameters.js';

/** Values among which the best pair is looked for; all pairs of a photo's values would be billions. */
const SHORTLIST = 512;

/**
 * The Jacobian-based saliency map attack: changes two values at a time by theta, those whose saliency -A B is largest,
 * where A, the sum of their two derivatives of the target's logit, is above 0, and B, that of the sum of all other
 * logits, below. A value is changed until it is saturated, and no more values than the part gamma. Without a class to
 * reach it is led to the runner-up. With theta below 0 values are made darker, and A and B change their signs.
 *
 * Pairs are looked for among the 512 values with the largest A - B (in the direction of theta).
 *
 * @see Papernot et al., The limitations of deep learning in adversarial settings, EuroS&P 2016, algorithm 3
 */
export const jsma: AttackMethod = attackMethod({
  id: 'jsma',
  title: 'JSMA',
  source: 'Papernot et al. 2016',
  gradients: true,
  towards: true,
  keeps: 'few',
  parameters: {
    theta: plain('Change', 1, -1, 1),
    gamma: plain('Part of the values', 0.1, 0, 1),
  },
  async run(classifier, task, { theta, gamma }) {
    const images = task.images.map((image) => image.slice());
    const first = await classifier.logits(images);
    const targets = first.map(
      (logits, i) => task.targets?.[i] ?? bestOther(logits, task.labels[i]!),
    );
    const size = images[0]?.length ?? 0;
    const total = theta === 0 ? 0 : Math.floor((gamma * size) / 2);
    const free = images.map(() => new Uint8Array(size).fill(1));
    let active = images.map((_, i) => i).filter((i) => !fools(task, first[i]!, i));
    for (let step = 0; step < total && active.length > 0; step++) {
      const weights = active.flatMap((i) => seeds(classifier.classes, targets[i]!));
      const found = await classifier.gradients(
        active.flatMap((i) => [images[i]!, images[i]!]),
        { kind: 'weights', weights },
      );
      active = active.filter((i, at) => {
        const pair = bestPair(
          found[2 * at]!.gradient,
          found[2 * at + 1]!.gradient,
          theta,
          images[i]!,
          free[i]!,
        );
        for (const value of pair) {
          images[i]![value] = Math.min(1, Math.max(0, images[i]![value]! + theta));
        }
        return pair.length > 0;
      });
      if (active.length === 0) break;
      const ends = await classifier.logits(active.map((i) => images[i]!));
      active = active.filter((i, at) => !fools(task, ends[at]!, i));
      await task.onStep?.({ done: step + 1, total, images });
    }
    return images;
  },
});

/** The target's logit, and the sum of the others. */
function seeds(classes: number, target: number): Float32Array[] {
  const towards = new Float32Array(classes);
  towards[target] = 1;
  return [towards, towards.map((v) => 1 - v)];
}

/** The pair of unsaturated values with the largest saliency; none when no pair serves. */
function bestPair(
  target: Float32Array,
  others: Float32Array,
  theta: number,
  image: Float32Array,
  free: Uint8Array,
): number[] {
  const sign = Math.sign(theta);
  const end = sign > 0 ? 1 : 0;
  const open: number[] = [];
  for (let i = 0; i < image.length; i++) {
    if (image[i] === end) free[i] = 0;
    if (free[i] === 1) open.push(i);
  }
  const worth = (i: number): number => sign * (target[i]! - others[i]!);
  const list = open.sort((a, b) => worth(b) - worth(a)).slice(0, SHORTLIST);
  let best = 0;
  let pair: number[] = [];
  list.forEach((i, at) => {
    for (const j of list.slice(at + 1)) {
      const a = sign * (target[i]! + target[j]!);
      const b = sign * (others[i]! + others[j]!);
      if (a > 0 && b < 0 && -a * b > best) [best, pair] = [-a * b, [i, j]];
    }
  });
  return pair;
}
