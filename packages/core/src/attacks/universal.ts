import { LensError } from '@convlens/onnx';
import { attack, successRate } from './attack.js';
import { ballAround, type AttackNorm } from './ball.js';
import type { Classifier } from './classifier.js';
import { topClass } from './losses.js';
import type { AttackTask } from './method.js';

/** What a universal perturbation is made from. */
export interface UniversalTask extends Omit<AttackTask, 'targets'> {
  readonly norm: AttackNorm;
  /** Radius, in units of the pixels' range. */
  readonly eps: number;
  /** Part of the known images that shall be fooled; the search ends there. Default 0.8. */
  readonly rate?: number;
  /**
   * How far beyond the border each step goes, in parts of the way there. Default 0.02 as in the paper; with more, less is
   * lost when pictures are rounded to 8 bits.
   */
  readonly overshoot?: number;
  /** Passes over the images at most. Default 10. */
  readonly passes?: number;
}

/** One perturbation for all images. */
export interface Universal {
  /** float32, C x H x W: added to an image and clipped to [0, 1]. */
  readonly perturbation: Float32Array;
  /** Part of the known images that it fools. */
  readonly success: number;
  readonly passes: number;
}

/**
 * One perturbation that fools a network on most images: image after image, where the perturbation does not yet fool,
 * the shortest way that DeepFool finds from there is added, and the sum is brought back into the ball.
 *
 * @param classifier what is to be fooled
 * @param task images, classes, ball
 * @throws LensError `E_ARGUMENT` when the network knows none of the images; as the classifier does
 * @see Moosavi-Dezfooli et al., Universal adversarial perturbations, CVPR 2017, algorithm 1
 */
export async function universalPerturbation(
  classifier: Classifier,
  task: UniversalTask,
): Promise<Universal> {
  const {
    images,
    labels,
    norm,
    eps,
    rate = 0.8,
    overshoot = 0.02,
    passes = 10,
    seed,
    onStep,
  } = task;
  const clean = await classifier.logits(images);
  const known = images.flatMap((_, i) => (topClass(clean[i]!) === labels[i] ? [i] : []));
  if (known.length === 0) {
    throw new LensError(
      'E_ARGUMENT',
      'The network knows none of these images: nothing to unlearn.',
    );
  }
  let change = new Float32Array(images[0]!.length);
  const moved = (i: number): Float32Array =>
    images[i]!.map((v, at) => Math.min(1, Math.max(0, v + change[at]!)));
  // Around mid grey the box [0, 1] is no bound for a perturbation of less than one half.
  const grey = new Float32Array(change.length).fill(0.5);
  const ball = ballAround(norm, grey, Math.min(eps, norm === 'linf' ? 0.5 : eps));
  const judge = async (): Promise<number> => {
    const found = await classifier.logits(known.map(moved));
    const ends = known.map((i, at) => ({
      known: true,
      fooled: topClass(found[at]!) !== labels[i],
    }));
    return successRate(ends);
  };
  for (let pass = 1; ; pass++) {
    for (const [at, i] of known.entries()) {
      const start = moved(i);
      const { images: ends } = await attack(classifier, {
        method: 'deepfool',
        settings: { steps: 10, overshoot },
        images: [start],
        labels: [labels[i]!],
        seed,
      });
      const step = ends[0]!.image;
      const sum = change.map((v, k) => 0.5 + v + (step[k]! - start[k]!));
      change = ball.project(sum).map((v) => v - 0.5);
      const done = (pass - 1) * known.length + at + 1;
      await onStep?.({ done, total: passes * known.length, images: [change] });
    }
    const success = await judge();
    if (success >= rate || pass === passes) return { perturbation: change, success, passes: pass };
  }
}
