import { printPatch, trainPatch, tryPatch } from '@convlens/core';
import type { PatchAnswer, PatchRequest, LabFrame, Measured } from '../../shared/lab.js';
import { experiment, painter, type Experiment } from './experiment.js';
import type { Job } from './job.js';

/** Sides of the picture to print, and of the one that is shown while it is trained. */
const SIDE = { print: 1024, frame: 160 };

/**
 * Trains a patch, and tries it where it was not trained.
 *
 * @param lab network, images, job
 * @param request class, shape, sizes
 * @throws LensError as `trainPatch` does
 */
async function run(
  lab: Experiment,
  { network, images, target, shape, scale, rotation, steps, seed }: PatchRequest,
): Promise<PatchAnswer> {
  const classifier = lab.classifier(network);
  const [channels] = classifier.shape;
  const pictures = { ...(await lab.set(images, network)), target, scale, rotation, seed };
  const patch = await trainPatch(classifier, {
    ...pictures,
    shape,
    steps,
    onStep: async ({ done, total, patch }) => {
      await lab.rest();
      lab.report('steps', done, total, { picture: printPatch(patch, channels, SIDE.frame) });
    },
  });
  const { tried, reached, examples } = await tryPatch(classifier, patch, pictures);
  const paint = painter(classifier);
  return {
    print: printPatch(patch, channels, SIDE.print),
    tried,
    reached,
    examples: examples.map(({ image, answer }) => ({ picture: paint(image), answer })),
  };
}

/** The experiment as a job. */
export const job: Job<PatchRequest, PatchAnswer & Measured, LabFrame> = experiment(run);
