import { transferMatrix } from '@convlens/core';
import type { TransferAnswer, TransferRequest, LabFrame, Measured } from '../../shared/lab.js';
import { experiment, type Experiment } from './experiment.js';
import type { Job } from './job.js';

/**
 * What was made to fool one network, shown to all.
 *
 * @param lab networks, images, job
 * @param request the attack
 * @throws LensError as `transferMatrix` does
 */
async function run(
  lab: Experiment,
  { networks, images, method, settings, seed }: TransferRequest,
): Promise<TransferAnswer> {
  const all = [];
  for (const id of networks) {
    const { title, classes } = lab.network(id);
    const set = await lab.set(images, id);
    all.push({ title, classifier: lab.classifier(id), ...(classes && { classes }), ...set });
  }
  const rows = await transferMatrix(all, {
    method,
    seed,
    ...(settings && { settings }),
    onProgress: async ({ done, total, rows }) => {
      await lab.rest();
      lab.report('networks', done, total, { rows });
    },
  });
  return { rows };
}

/** The experiment as a job. */
export const job: Job<TransferRequest, TransferAnswer & Measured, LabFrame> = experiment(run);
