import { ballAround } from './ball.js';
import type { Classifier } from './classifier.js';
import type { SettingsOf } from '../schema/parameter.js';
import { attackMethod, type AttackMethod, type AttackTask } from './method.js';
import { fools, AttackObjective } from './objective.js';
import { eps, loss, norm, stepLength, times } from './parameters.js';
import { Random } from '../random.js';
import { stepAlong } from './steepest.js';

const parameters = {
  norm,
  eps,
  alpha: stepLength(({ norm }) => (norm === 'l2' ? 1 / 5 : 1 / 4)),
  steps: times('Steps', 10),
  start: { kind: 'choice', title: 'Start', words: ['random', 'image'] },
  restarts: times('Restarts', 1),
  loss,
} as const;

/**
 * Projected gradient descent: steps of length alpha, each followed by the way back into the ball and the box. With
 * restarts an image that is fooled rests, and the best end of each counts.
 *
 * @see Madry et al., Towards deep learning models resistant to adversarial attacks, ICLR 2018
 */
export const pgd: AttackMethod = attackMethod({
  id: 'pgd',
  title: 'PGD',
  source: 'Madry et al. 2018',
  gradients: true,
  towards: true,
  keeps: 'ball',
  parameters,
  run: descend,
});

const { norm: _norm, start: _start, restarts: _restarts, ...basic } = parameters;

/**
 * The basic iterative method: projected gradient descent in the largest change, from the image itself.
 *
 * @see Kurakin, Goodfellow and Bengio, Adversarial examples in the physical world, ICLR workshop 2017
 */
export const bim: AttackMethod = attackMethod({
  id: 'bim',
  title: 'BIM',
  source: 'Kurakin, Goodfellow and Bengio 2017',
  gradients: true,
  towards: true,
  keeps: 'ball',
  parameters: basic,
  run: (classifier, task, settings) =>
    descend(classifier, task, { ...settings, norm: 'linf', start: 'image', restarts: 1 }),
});

async function descend(
  classifier: Classifier,
  task: AttackTask,
  settings: SettingsOf<typeof parameters>,
): Promise<readonly Float32Array[]> {
  const { norm, eps, alpha, steps, start, restarts, loss } = settings;
  const objective = new AttackObjective(classifier, task, loss);
  const balls = task.images.map((image) => ballAround(norm, image, eps));
  const results: Float32Array[] = task.images.map((image) => image.slice());
  const best = results.map(() => -Infinity);
  let active = results.map((_, i) => i);
  for (let restart = 0; restart < restarts && active.length > 0; restart++) {
    const now: Float32Array[] = task.images.map((image) => image.slice());
    for (const i of start === 'random' ? active : []) {
      const random = new Random(task.seed, `pgd/${i}/${restart}`);
      now[i] = balls[i]!.project(random.inBall(norm, task.images[i]!, eps));
    }
    for (let step = 0; step < steps; step++) {
      const standings = await objective.standings(
        active.map((i) => now[i]!),
        active,
      );
      active.forEach((i, at) => {
        now[i] = balls[i]!.project(stepAlong(norm, now[i]!, standings[at]!.gradient, alpha));
      });
      await task.onStep?.({
        done: restart * steps + step + 1,
        total: restarts * steps,
        images: now,
        objective: standings.map(({ value }) => value),
      });
    }
    if (restarts === 1) return now;
    const ends = await classifier.logits(active.map((i) => now[i]!));
    const open: number[] = [];
    active.forEach((i, at) => {
      const value = objective.value(ends[at]!, i);
      const done = fools(task, ends[at]!, i);
      if (done || value > best[i]!) [results[i], best[i]] = [now[i]!, value];
      if (!done) open.push(i);
    });
    active = open;
  }
  return results;
}
