import { ballAround } from './ball.js';
import { attackMethod, type AttackMethod } from './method.js';
import { AttackObjective } from './objective.js';
import { eps, loss, norm } from './parameters.js';
import { stepAlong } from './steepest.js';

/**
 * The fast gradient sign method: one step as long as epsilon, p' = clip(p + eps sign(g)) with sign(0) = 0, or
 * p + eps g / |g| for the Euclidean norm.
 *
 * @see Goodfellow, Shlens and Szegedy, Explaining and harnessing adversarial examples, ICLR 2015
 */
export const fgsm: AttackMethod = attackMethod({
  id: 'fgsm',
  title: 'FGSM',
  source: 'Goodfellow, Shlens and Szegedy 2015',
  gradients: true,
  towards: true,
  keeps: 'ball',
  parameters: { norm, eps, loss },
  async run(classifier, task, settings) {
    const objective = new AttackObjective(classifier, task, settings.loss);
    const standings = await objective.standings(task.images);
    const images = task.images.map((image, i) => {
      const ball = ballAround(settings.norm, image, settings.eps);
      return ball.project(stepAlong(settings.norm, image, standings[i]!.gradient, settings.eps));
    });
    await task.onStep?.({ done: 1, total: 1, images, objective: standings.map((s) => s.value) });
    return images;
  },
});
