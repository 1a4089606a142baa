import { foolByEvolution, foolByGradient, pictureOf, planesOf } from '@convlens/core';
import type { FoolingAnswer, FoolingRequest, LabFrame, Measured } from '../../shared/lab.js';
import { experiment, painter, type Experiment } from './experiment.js';
import type { Job } from './job.js';

/**
 * Looks for a picture that is nothing, and that the network is sure of.
 *
 * @param lab network, job
 * @param request class, way, steps
 * @throws LensError `E_ARGUMENT` for a class that does not exist
 */
async function run(
  lab: Experiment,
  { network, way, target, steps, seed }: FoolingRequest,
): Promise<FoolingAnswer> {
  const classifier = lab.classifier(network);
  const what = way === 'gradient' ? 'steps' : 'generations';
  const onStep = lab.watch(what, classifier, painter(classifier));
  const fool = way === 'gradient' ? foolByGradient : foolByEvolution;
  const { image, steps: done, reached } = await fool(classifier, { target, steps, seed, onStep });
  const picture = pictureOf(image, classifier.shape);
  const [logits] = await classifier.logits([planesOf(picture, classifier.shape[0])]);
  return { picture, logits: logits!, steps: done, reached };
}

/** The experiment as a job. */
export const job: Job<FoolingRequest, FoolingAnswer & Measured, LabFrame> = experiment(run);
