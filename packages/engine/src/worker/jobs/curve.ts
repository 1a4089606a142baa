import { robustnessCurves } from '@convlens/core';
import type { CurveAnswer, CurveRequest, LabFrame, Measured } from '../../shared/lab.js';
import { experiment, type Experiment } from './experiment.js';
import type { Job } from './job.js';

/**
 * Accuracy over epsilon.
 *
 * @param lab network, images, job
 * @param request attacks and epsilons
 * @throws LensError as `robustnessCurves` does
 */
async function run(
  lab: Experiment,
  { network, images, attacks, epsilons, seed }: CurveRequest,
): Promise<CurveAnswer> {
  const set = await lab.set(images, network);
  const curves = await robustnessCurves(lab.classifier(network), {
    ...set,
    attacks,
    epsilons,
    seed,
    onProgress: async ({ done, total, curves }) => {
      await lab.rest();
      lab.report('curve', done, total, { curves });
    },
  });
  return { curves };
}

/** The experiment as a job. */
export const job: Job<CurveRequest, CurveAnswer & Measured, LabFrame> = experiment(run);
