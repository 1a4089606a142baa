import { attack, successRate, topClass, type AttackOutcome, type Classifier } from '@convlens/core';
import type {
  DefenceAnswer,
  DefenceRequest,
  DefencePoint,
  LabFrame,
  Measured,
} from '../../shared/lab.js';
import { defended } from './attack.js';
import { experiment, partMisled, type Experiment } from './experiment.js';
import type { Job } from './job.js';

/**
 * How often an attack succeeds against a defence: made on the bare network and then shown to the defended one, and made
 * through the defence.
 *
 * @param lab network, images, job
 * @param request attack, defence, strengths
 * @throws LensError as `attack` does
 */
async function run(
  lab: Experiment,
  { network, images, method, settings, defence, strengths, seed }: DefenceRequest,
): Promise<DefenceAnswer> {
  const bare = lab.classifier(network);
  const set = await lab.set(images, network);
  const parts = strengths.length + 1;
  const made = (classifier: Classifier, at: number): Promise<AttackOutcome> =>
    attack(classifier, {
      ...set,
      method,
      seed,
      ...(settings && { settings }),
      onStep: lab.count('attacks', at, parts),
    });
  const plain = await made(bare, 0);
  const points: DefencePoint[] = [];
  for (const [at, strength] of strengths.entries()) {
    const judge = defended(bare, { id: defence, strength }, seed);
    const known = (await judge.logits(set.images)).map((z, i) => topClass(z) === set.labels[i]);
    const adaptive = await made(judge, at + 1);
    const success = async ({ images }: AttackOutcome): Promise<number> =>
      partMisled(await judge.logits(images.map(({ image }) => image)), set.labels, known);
    points.push({
      strength,
      accuracy: known.filter(Boolean).length / Math.max(1, known.length),
      plain: await success(plain),
      adaptive: await success(adaptive),
    });
    lab.report('attacks', at + 2, parts, { points: [...points] });
  }
  return { points, bare: successRate(plain.images) };
}

/** The experiment as a job. */
export const job: Job<DefenceRequest, DefenceAnswer & Measured, LabFrame> = experiment(run);
