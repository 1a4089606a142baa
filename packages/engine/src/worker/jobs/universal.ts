import { normalNoise, pictureOf, planesOf, topClass, universalPerturbation } from '@convlens/core';
import type { UniversalAnswer, UniversalRequest, LabFrame, Measured } from '../../shared/lab.js';
import { experiment, partMisled, type Experiment } from './experiment.js';
import type { Job } from './job.js';

/** Beyond the border, so that pictures of 8 bits are on the other side, too. */
const OVERSHOOT = 0.5;

/**
 * Makes one perturbation for all images of a set, and compares it with noise of the same size.
 *
 * @param lab network, images, job
 * @param request the ball
 * @throws LensError `E_ARGUMENT` when the network knows none of the images
 */
async function run(
  lab: Experiment,
  { network, images, norm, eps, seed }: UniversalRequest,
): Promise<UniversalAnswer> {
  const classifier = lab.classifier(network);
  const { shape } = classifier;
  const set = await lab.set(images, network);
  const { perturbation, passes } = await universalPerturbation(classifier, {
    ...set,
    norm,
    eps,
    overshoot: OVERSHOOT,
    seed,
    onStep: lab.watch('images', undefined, (change) =>
      pictureOf(
        change.map((v) => Math.min(1, Math.max(0, 0.5 + v / (2 * eps)))),
        shape,
      ),
    ),
  });
  const before = await classifier.logits(set.images);
  const known = before.map((logits, i) => topClass(logits) === set.labels[i]);
  const pictures = set.images.map((image) => pictureOf(added(image, perturbation), shape));
  const after = await classifier.logits(pictures.map((picture) => planesOf(picture, shape[0])));
  const noise = noiseLike(perturbation, norm, seed);
  const noisy = await classifier.logits(set.images.map((image) => added(image, noise)));
  return {
    perturbation,
    success: partMisled(after, set.labels, known),
    noise: partMisled(noisy, set.labels, known),
    passes,
    pictures: pictures.map((picture, i) => ({
      image: images[i]!.image,
      picture,
      before: before[i]!,
      after: after[i]!,
      known: known[i]!,
    })),
  };
}

const added = (image: Float32Array, change: Float32Array): Float32Array =>
  image.map((v, i) => Math.min(1, Math.max(0, v + change[i]!)));

/** Noise as large as a perturbation: by its largest value, or by its length. */
function noiseLike(
  change: Float32Array,
  norm: UniversalRequest['norm'],
  seed: number,
): Float32Array {
  const [noise] = normalNoise(seed, 1, change.length, 1) as [Float32Array];
  if (norm === 'linf') {
    const reach = change.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    return noise.map((v) => Math.sign(v) * reach);
  }
  const length = (values: Float32Array): number =>
    Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
  const factor = length(change) / length(noise);
  return noise.map((v) => v * factor);
}

/** The experiment as a job. */
export const job: Job<UniversalRequest, UniversalAnswer & Measured, LabFrame> = experiment(run);
