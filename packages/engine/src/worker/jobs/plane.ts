import { decisionPlane } from '@convlens/core';
import type { PlaneAnswer, PlaneRequest, LabFrame, Measured } from '../../shared/lab.js';
import { experiment, type Experiment } from './experiment.js';
import type { Job } from './job.js';

/**
 * The classes on a plane through two images.
 *
 * @param lab network, images, job
 * @param request which, and how finely
 * @throws LensError as `decisionPlane` does
 */
async function run(
  lab: Experiment,
  { network, image, attacked, side, seed }: PlaneRequest,
): Promise<PlaneAnswer> {
  const classifier = lab.classifier(network);
  const plane = await decisionPlane(classifier, {
    original: lab.planes(image, classifier),
    attacked: lab.planes(attacked, classifier),
    side,
    seed,
    onProgress: async ({ done, total }) => {
      await lab.rest();
      lab.report('places', done, total);
    },
  });
  return { plane };
}

/** The experiment as a job. */
export const job: Job<PlaneRequest, PlaneAnswer & Measured, LabFrame> = experiment(run);
