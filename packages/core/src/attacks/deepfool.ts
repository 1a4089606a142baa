import { attackMethod, type AttackMethod } from './method.js';
import { fools } from './objective.js';
import { plain, times } from './parameters.js';

/**
 * DeepFool for the Euclidean distance: as long as the answer is right, the network is taken for linear, and the image
 * goes to the closest border to one of the best other classes: with w_k = d(z_k - z_y)/dp and f_k = z_k - z_y,
 * l = argmin |f_k| / |w_k|, r += (|f_l| / |w_l| + 1e-4) w_l / |w_l|, p' = p + (1 + overshoot) r.
 *
 * `box: 'kept'` clips p' to [0, 1] in every step; `'left'` does not, as in the paper, and such a result is no picture.
 *
 * @see Moosavi-Dezfooli, Fawzi and Frossard, DeepFool, CVPR 2016, algorithm 2
 */
export const deepFool: AttackMethod = attackMethod({
  id: 'deepfool',
  title: 'DeepFool',
  source: 'Moosavi-Dezfooli, Fawzi and Frossard 2016',
  gradients: true,
  towards: false,
  keeps: 'least',
  parameters: {
    steps: times('Steps', 50),
    overshoot: plain('Overshoot', 0.02, 0, 1),
    candidates: times('Classes tried', 10, 2),
    box: { kind: 'choice', title: 'Box', words: ['kept', 'left'] },
  },
  async run(classifier, task, { steps, overshoot, candidates, box }) {
    const { labels } = task;
    const images = task.images.map((image) => image.slice());
    const moves = images.map((image) => new Float64Array(image.length));
    const first = await classifier.logits(images);
    const rivals = first.map((logits, i) =>
      Array.from(logits, (_, k) => k)
        .sort((a, b) => logits[b]! - logits[a]! || a - b)
        .slice(0, candidates)
        .filter((k) => k !== labels[i]),
    );
    let active = images.map((_, i) => i).filter((i) => !fools(task, first[i]!, i));
    for (let step = 0; step < steps && active.length > 0; step++) {
      const pairs = active.flatMap((i) => rivals[i]!.map((k) => [i, k] as const));
      const found = await classifier.gradients(
        pairs.map(([i]) => images[i]!),
        {
          kind: 'weights',
          weights: pairs.map(([i, k]) => {
            const weights = new Float32Array(classifier.classes);
            weights[k] = 1;
            weights[labels[i]!] = -1;
            return weights;
          }),
        },
      );
      for (const i of active) {
        let best: { way: number; length: number; gradient: Float32Array } | undefined;
        for (const [at, [own, k]] of pairs.entries()) {
          if (own !== i) continue;
          const { logits, gradient } = found[at]!;
          const length = Math.sqrt(gradient.reduce((sum, v) => sum + v * v, 0));
          const way = Math.abs(logits[k]! - logits[labels[i]!]!) / length;
          if (way < (best?.way ?? Infinity)) best = { way, length, gradient };
        }
        // Where every gradient is zero there is no way that it could know of.
        if (!best) continue;
        const move = moves[i]!;
        for (let at = 0; at < move.length; at++) {
          move[at]! += ((best.way + 1e-4) * best.gradient[at]!) / best.length;
          const value = task.images[i]![at]! + (1 + overshoot) * move[at]!;
          images[i]![at] = box === 'left' ? value : Math.min(1, Math.max(0, value));
        }
      }
      const ends = await classifier.logits(active.map((i) => images[i]!));
      active = active.filter((i, at) => !fools(task, ends[at]!, i));
      await task.onStep?.({ done: step + 1, total: steps, images });
    }
    return images;
  },
});
