import { ballAround, type AttackNorm, type Ball } from './ball.js';
import { attackMethod, type AttackMethod } from './method.js';
import { fools, AttackObjective, type Standing } from './objective.js';
import { eps, norm, plain, times } from './parameters.js';
import { Random } from '../random.js';
import { stepAlong } from './steepest.js';

/** An image and what is climbed there. */
interface Place {
  readonly image: Float32Array;
  readonly value: number;
}

/** One image on its way. */
interface Walk {
  readonly ball: Ball;
  now: Float32Array;
  before: Float32Array;
  /** The gradient where it is. */
  gradient: Float32Array;
  best: Place & { readonly gradient: Float32Array };
  /** The worst for the network among those that fool it. */
  fooled: Place | undefined;
  length: number;
  /** Steps since the last checkpoint that climbed. */
  climbs: number;
  value: number;
  /** At the last checkpoint. */
  checked: { length: number; value: number };
}

/** Part of a step that goes where the gradient says; the rest goes on as before. */
const MOMENTUM = 0.75;

/**
 * Auto-PGD: projected gradient descent with momentum that chooses its step itself. It begins with twice epsilon and is
 * halved at a checkpoint, going back to the best place so far, where fewer than the part rho of the steps since the last
 * one climbed, or where neither step nor best value changed since.
 *
 * @see Croce and Hein, Reliable evaluation of adversarial robustness, ICML 2020, algorithm 1
 */
export const apgd: AttackMethod = attackMethod({
  id: 'apgd',
  title: 'Auto-PGD',
  source: 'Croce and Hein 2020',
  gradients: true,
  towards: true,
  keeps: 'ball',
  parameters: {
    norm,
    eps,
    steps: times('Steps', 100),
    restarts: times('Restarts', 1),
    rho: plain('Steps that must climb', 0.75, 0, 1),
    loss: { kind: 'choice', title: 'Loss', words: ['cross-entropy', 'dlr', 'margin'] },
  },
  async run(classifier, task, { norm, eps, steps, restarts, rho, loss }) {
    const objective = new AttackObjective(classifier, task, loss);
    const results = task.images.map((image): Place => ({ image, value: -Infinity }));
    const checkpoints = checkpointsOf(steps);
    let active = results.map((_, i) => i);
    for (let restart = 0; restart < restarts && active.length > 0; restart++) {
      const walks = active.map((i): Walk => {
        const ball = ballAround(norm, task.images[i]!, eps);
        const random = new Random(task.seed, `apgd/${i}/${restart}`);
        const now = ball.project(random.inBall(norm, task.images[i]!, eps));
        const best = { image: now, gradient: now, value: -Infinity };
        const checked = { length: 2 * eps, value: -Infinity };
        return {
          ball,
          now,
          before: now,
          gradient: now,
          best,
          fooled: undefined,
          length: 2 * eps,
          climbs: 0,
          value: -Infinity,
          checked,
        };
      });
      const look = async (): Promise<void> => {
        const standings = await objective.standings(
          walks.map(({ now }) => now),
          active,
        );
        walks.forEach((walk, at) => {
          const standing = standings[at]!;
          arrive(walk, standing, fools(task, standing.logits, active[at]!));
        });
      };
      for (let step = 0; step < steps; step++) {
        await look();
        const at = checkpoints.indexOf(step);
        if (at > 0) for (const walk of walks) check(walk, rho * (step - checkpoints[at - 1]!));
        for (const walk of walks) advance(walk, norm, step > 0);
        await task.onStep?.({
          done: restart * steps + step + 1,
          total: restarts * steps,
          images: results.map(({ image }, i) => walks[active.indexOf(i)]?.now ?? image),
          objective: walks.map(({ value }) => value),
        });
      }
      await look();
      const open: number[] = [];
      active.forEach((i, own) => {
        const { fooled, best } = walks[own]!;
        if (fooled) results[i] = fooled;
        else open.push(i);
        if (!fooled && best.value > results[i]!.value) results[i] = best;
      });
      active = open;
    }
    return results.map(({ image }) => image);
  },
});

/** Steps before which the step's length is judged: p_0 = 0, p_1 = 0.22, p_j+1 = p_j + max(p_j - p_j-1 - 0.03, 0.06). */
function checkpointsOf(steps: number): readonly number[] {
  const parts = [0, 0.22];
  while (parts.at(-1)! < 1) {
    const [before = 0, last = 0] = parts.slice(-2);
    parts.push(last + Math.max(last - before - 0.03, 0.06));
  }
  return parts.map((part) => Math.ceil(part * steps));
}

/** Takes in what was found where the walk is. */
function arrive(walk: Walk, { value, gradient }: Standing, fooled: boolean): void {
  if (walk.value > -Infinity && value > walk.value) walk.climbs++;
  walk.value = value;
  walk.gradient = gradient;
  if (value > walk.best.value) walk.best = { image: walk.now, gradient, value };
  if (fooled && value > (walk.fooled?.value ?? -Infinity)) walk.fooled = { image: walk.now, value };
}

function check(walk: Walk, needed: number): void {
  const { length, best, checked } = walk;
  const stuck = length === checked.length && best.value === checked.value;
  walk.checked = { length, value: best.value };
  if (walk.climbs < needed || stuck) {
    walk.length = length / 2;
    [walk.now, walk.gradient, walk.value] = [best.image, best.gradient, best.value];
    walk.before = walk.now;
  }
  walk.climbs = 0;
}

function advance(walk: Walk, norm: AttackNorm, moving: boolean): void {
  const { ball, now, before, gradient, length } = walk;
  const next = ball.project(stepAlong(norm, now, gradient, length));
  if (moving) {
    for (let i = 0; i < next.length; i++) {
      next[i] = now[i]! + MOMENTUM * (next[i]! - now[i]!) + (1 - MOMENTUM) * (now[i]! - before[i]!);
    }
    ball.project(next);
  }
  [walk.before, walk.now] = [now, next];
}
