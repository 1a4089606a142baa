import { printPatch, trainPatch, tryPatch } from '@convlens/core';
import type { PatchAnswer, PatchJob } from '../../shared/lab.js';
import { painter, type Table } from './table.js';

/** Sides of the picture to print, and of the one that is shown while it is trained. */
const SIDE = { print: 1024, frame: 160 };

/**
 * Trains a patch, and tries it where it was not trained.
 *
 * @param table network, images, job
 * @param request class, shape, sizes
 * @throws LensError as `trainPatch` does
 */
export async function runPatch(
  table: Table,
  { network, images, target, shape, scale, rotation, steps, seed }: PatchJob,
): Promise<PatchAnswer> {
  const classifier = table.classifier(network);
  const [channels] = classifier.shape;
  const pictures = { ...(await table.set(images, network)), target, scale, rotation, seed };
  const patch = await trainPatch(classifier, {
    ...pictures,
    shape,
    steps,
    onStep: async ({ done, total, patch }) => {
      await table.rest();
      table.report('steps', done, total, { picture: printPatch(patch, channels, SIDE.frame) });
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
