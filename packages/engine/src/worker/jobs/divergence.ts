import { divergence } from '@convlens/core';
import type { DivergenceAnswer, DivergenceRequest, LabFrame, Measured } from '../../shared/lab.js';
import { experiment, type Experiment } from './experiment.js';
import type { Job } from './job.js';

/**
 * Where in a network two images part.
 *
 * @param lab network, images, job
 * @param request which
 * @throws LensError as `divergence` does
 */
async function run(
  lab: Experiment,
  { network, image, attacked }: DivergenceRequest,
): Promise<DivergenceAnswer> {
  const classifier = lab.classifier(network);
  const layers = await divergence(lab.network(network), lab.maps(network), {
    original: lab.planes(image, classifier),
    attacked: lab.planes(attacked, classifier),
  });
  return { layers };
}

/** The experiment as a job. */
export const job: Job<DivergenceRequest, DivergenceAnswer & Measured, LabFrame> = experiment(run);
