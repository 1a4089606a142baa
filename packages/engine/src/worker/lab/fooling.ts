import { foolByEvolution, foolByGradient, pictureOf, planesOf } from '@convlens/core';
import type { FoolingAnswer, FoolingJob } from '../../shared/lab.js';
import { painter, type Table } from './table.js';

/**
 * Looks for a picture that is nothing, and that the network is sure of.
 *
 * @param table network, job
 * @param request class, way, steps
 * @throws LensError `E_ARGUMENT` for a class that does not exist
 */
export async function runFooling(
  table: Table,
  { network, way, target, steps, seed }: FoolingJob,
): Promise<FoolingAnswer> {
  const classifier = table.classifier(network);
  const what = way === 'gradient' ? 'steps' : 'generations';
  const onStep = table.watch(what, classifier, painter(classifier));
  const fool = way === 'gradient' ? foolByGradient : foolByEvolution;
  const { image, steps: done, reached } = await fool(classifier, { target, steps, seed, onStep });
  const picture = pictureOf(image, classifier.shape);
  const [logits] = await classifier.logits([planesOf(picture, classifier.shape[0])]);
  return { picture, logits: logits!, steps: done, reached };
}
