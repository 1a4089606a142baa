import {
  attack,
  attackMethods,
  defences,
  DefendedClassifier,
  keepingOf,
  perturbationSize,
  planesOf,
  roundToBytes,
  topClass,
  type Classifier,
} from '@convlens/core';
import { LensError } from '@convlens/onnx';
import type {
  AttackAnswer,
  AttackRequest,
  DefenceChoice,
  LabFrame,
  Measured,
} from '../../shared/lab.js';
import { experiment, painter, type Experiment } from './experiment.js';
import type { Job } from './job.js';

/**
 * A classifier behind a defence.
 *
 * @param inside the bare one
 * @param choice which defence, how strong
 * @param seed of those that are random
 * @throws LensError `E_ARGUMENT` for an unknown one, or a strength out of bounds
 */
export function defended(
  inside: Classifier,
  { id, strength }: Pick<DefenceChoice, 'id' | 'strength'>,
  seed: number,
): DefendedClassifier {
  const defence = defences.find((one) => one.id === id);
  if (!defence) {
    const known = defences.map((one) => one.id).join(', ');
    throw new LensError('E_ARGUMENT', `Expected one of the defences ${known}, got "${id}".`);
  }
  return new DefendedClassifier(inside, {
    defence,
    seed,
    ...(strength === undefined ? {} : { strength }),
  });
}

/**
 * Attacks one image, and makes of it a picture of 8 bits that still fools where there is one.
 *
 * @param lab network, image, job
 * @param request the attack
 * @throws LensError as `attack` does
 */
async function run(
  lab: Experiment,
  { network, image, method, settings, target, seed, defence }: AttackRequest,
): Promise<AttackAnswer> {
  const bare = lab.classifier(network);
  const judge = defence ? defended(bare, defence, seed) : bare;
  const victim = defence?.adaptive ? judge : bare;
  const crop = lab.crop(image, bare);
  const original = planesOf(crop, bare.shape[0]);
  const [before] = (await judge.logits([original])) as [Float32Array];
  const label = topClass(before);
  let steps = 0;
  const title = attackMethods.find(({ id }) => id === method)?.title ?? method;
  const watch = lab.watch(title, judge, painter(bare));
  const task = {
    images: [original],
    labels: [label],
    seed,
    ...(target === undefined ? {} : { targets: [target] }),
  };
  const outcome = await attack(victim, {
    ...task,
    method,
    ...(settings && { settings }),
    onStep: (step) => {
      steps = step.done;
      return watch(step);
    },
  });
  const [found] = outcome.images;
  const keeping = keepingOf(method, outcome.settings);
  const [rounded] = await roundToBytes(victim, task, [found!.image], keeping);
  const [after, file] = await judge.logits([found!.image, rounded!.image]);
  const fools = (logits: Float32Array): boolean =>
    target === undefined ? topClass(logits) !== label : topClass(logits) === target;
  const paint = painter(bare);
  return {
    original: crop,
    before,
    label,
    after: after!,
    fooled: fools(after!),
    size: perturbationSize(original, found!.image, bare.shape),
    file: {
      picture: paint(rounded!.image),
      logits: file!,
      fooled: fools(file!),
      size: perturbationSize(original, rounded!.image, bare.shape),
    },
    repairs: rounded!.repairs,
    ...(judge instanceof DefendedClassifier && { shown: paint(judge.pass(rounded!.image).image) }),
    queries: outcome.queries,
    steps,
    settings: outcome.settings,
  };
}

/** The experiment as a job. */
export const job: Job<AttackRequest, AttackAnswer & Measured, LabFrame> = experiment(run);
