import { LensError } from '@convlens/onnx';
import type { Classifier } from '../attacks/classifier.js';
import { crossEntropy } from '../attacks/losses.js';
import type { OnAttackStep } from '../attacks/method.js';
import { Random } from '../random.js';
import { stepAlong } from '../attacks/steepest.js';

/** What is looked for: a picture that is nothing, and that the network is sure of. */
export interface FoolingTask {
  /** The class that it shall be taken for. */
  readonly target: number;
  /** Probability at which the search ends. Default 0.996, where Nguyen et al. found theirs on average. */
  readonly confidence?: number;
  /** Steps, or generations, at most. */
  readonly steps: number;
  readonly seed: number;
  readonly onStep?: OnAttackStep;
}

/** What was found. */
export interface FoolingImage {
  /** float32 in [0, 1], C x H x W. */
  readonly image: Float32Array;
  /** Of the target. */
  readonly probability: number;
  readonly steps: number;
  /** Whether the confidence was reached. */
  readonly reached: boolean;
}

/**
 * Checks what a search of a fooling image is for.
 *
 * @param classifier what is to be fooled
 * @param task class and confidence
 * @returns the confidence
 * @throws LensError `E_ARGUMENT`
 */
export function checkFooling(
  { classes }: Classifier,
  { target, confidence = 0.996 }: FoolingTask,
): number {
  if (!Number.isInteger(target) || target < 0 || target >= classes) {
    throw new LensError('E_ARGUMENT', `Expected a class from 0 to ${classes - 1}, got ${target}.`);
  }
  if (confidence > 0 && confidence < 1) return confidence;
  throw new LensError('E_ARGUMENT', `Expected a confidence between 0 and 1, got ${confidence}.`);
}

/**
 * Climbs from noise to a class: steps of a fixed Euclidean length, `rate` grey levels a value on average, along the
 * gradient of the target's log-probability, clipped to [0, 1].
 *
 * @param classifier what is to be fooled
 * @param task class, confidence, steps at most
 * @param rate mean change of a value in a step, in grey levels
 * @throws LensError `E_ARGUMENT`, and as the classifier does
 * @see Nguyen, Yosinski and Clune, Deep neural networks are easily fooled, CVPR 2015
 */
export async function foolByGradient(
  classifier: Classifier,
  task: FoolingTask,
  rate = 1,
): Promise<FoolingImage> {
  const confidence = checkFooling(classifier, task);
  const random = new Random(task.seed, 'fooling/gradient');
  const size = classifier.shape.reduce((product, extent) => product * extent, 1);
  let image = Float32Array.from({ length: size }, () => random.uniform());
  const length = (rate / 255) * Math.sqrt(size);
  for (let step = 0; ; step++) {
    const labels = [task.target];
    const [found] = await classifier.gradients([image], { kind: 'cross-entropy', labels });
    const entropy = crossEntropy(found!.logits, task.target);
    const probability = Math.exp(-entropy);
    await task.onStep?.({ done: step, total: task.steps, images: [image], objective: [-entropy] });
    const reached = probability >= confidence;
    if (reached || step === task.steps) return { image, probability, steps: step, reached };
    image = stepAlong('l2', image, found!.gradient, -length).map((v) =>
      Math.min(1, Math.max(0, v)),
    );
  }
}
