import { ballAround } from './ball.js';
import { attackMethod, type AttackMethod } from './method.js';
import { AttackObjective } from './objective.js';
import { eps, loss, plain, stepLength, times } from './parameters.js';
import { stepAlong } from './steepest.js';

/**
 * The momentum iterative method, whose results pass better to other networks: m <- decay m + g / |g|_1, a step of alpha
 * along the sign of m, from the image itself.
 *
 * @see Dong et al., Boosting adversarial attacks with momentum, CVPR 2018
 */
export const momentumAttack: AttackMethod = attackMethod({
  id: 'mi-fgsm',
  title: 'MI-FGSM',
  source: 'Dong et al. 2018',
  gradients: true,
  towards: true,
  keeps: 'ball',
  parameters: {
    eps,
    steps: times('Steps', 10),
    alpha: stepLength(({ steps }) => 1 / Number(steps)),
    decay: plain('Decay', 1, 0, 10),
    loss,
  },
  async run(classifier, task, { eps, steps, alpha, decay, loss }) {
    const objective = new AttackObjective(classifier, task, loss);
    const balls = task.images.map((image) => ballAround('linf', image, eps));
    const images: Float32Array[] = task.images.map((image) => image.slice());
    const moments = images.map((image) => new Float64Array(image.length));
    for (let step = 0; step < steps; step++) {
      const standings = await objective.standings(images);
      standings.forEach(({ gradient }, i) => {
        const size = gradient.reduce((sum, v) => sum + Math.abs(v), 0) || 1;
        const moment = moments[i]!;
        for (let at = 0; at < moment.length; at++) {
          moment[at] = decay * moment[at]! + gradient[at]! / size;
        }
        images[i] = balls[i]!.project(stepAlong('linf', images[i]!, moment, alpha));
      });
      const values = standings.map(({ value }) => value);
      await task.onStep?.({ done: step + 1, total: steps, images, objective: values });
    }
    return images;
  },
});
