import { LensError } from '@convlens/onnx';
import type { Classifier, ClassifierObjective } from './classifier.js';
import { crossEntropy, logitsRatio, margin, topClass, type AttackLoss } from './losses.js';
import type { AttackTask } from './method.js';

/** Where an image stands. */
export interface Standing {
  readonly logits: Float32Array;
  /** What is climbed. */
  readonly value: number;
  /** Upwards; of the gradient's direction, its length may differ (see `Classifier.gradients`). */
  readonly gradient: Float32Array;
}

/**
 * What an attack climbs: the loss of the right class, or minus that of the class to reach. Images are named by their
 * number in the task, so that those that are done can be left out.
 */
export class AttackObjective {
  readonly #classifier: Classifier;
  readonly #task: AttackTask;
  readonly #loss: AttackLoss;

  /**
   * @param classifier what is to be fooled
   * @param task images and classes
   * @param loss what is climbed
   * @throws LensError `E_ARGUMENT` when the classes are too few for the logits ratio
   */
  constructor(classifier: Classifier, task: AttackTask, loss: AttackLoss) {
    const least = task.targets ? 4 : 3;
    if (loss === 'dlr' && classifier.classes < least) {
      throw new LensError(
        'E_ARGUMENT',
        `The logits ratio divides by a difference that needs ${least} classes${task.targets ? ' when a class is to be reached' : ''}, ` +
          `but this network has ${classifier.classes}. Choose cross-entropy or margin.`,
      );
    }
    this.#classifier = classifier;
    this.#task = task;
    this.#loss = loss;
  }

  /**
   * What is climbed.
   *
   * @param logits of an image
   * @param image its number
   */
  value(logits: Float32Array, image: number): number {
    const label = this.#task.labels[image]!;
    const target = this.#task.targets?.[image];
    if (this.#loss === 'dlr') return logitsRatio(logits, label, target);
    const of = this.#loss === 'margin' ? margin : crossEntropy;
    return target === undefined ? of(logits, label) : -of(logits, target);
  }

  /**
   * Values and gradients.
   *
   * @param images the pixels
   * @param which their numbers in the task; all by default
   */
  async standings(
    images: readonly Float32Array[],
    which: readonly number[] = images.map((_, i) => i),
  ): Promise<readonly Standing[]> {
    const { labels, targets } = this.#task;
    const own = (list: readonly number[]): number[] => which.map((i) => list[i]!);
    const kind = this.#loss;
    const what: ClassifierObjective =
      kind === 'dlr'
        ? { kind, labels: own(labels), ...(targets && { targets: own(targets) }) }
        : { kind, labels: own(targets ?? labels) };
    const found = await this.#classifier.gradients(images, what);
    const down = targets !== undefined && kind !== 'dlr';
    return found.map(({ logits, gradient }, i) => ({
      logits,
      value: this.value(logits, which[i]!),
      gradient: down ? gradient.map((v) => -v) : gradient,
    }));
  }
}

/**
 * Whether an answer is what the attack wants: the class to reach, or any but the right one.
 *
 * @param task images and classes
 * @param logits of an image
 * @param image its number
 */
export function fools(task: AttackTask, logits: Float32Array, image: number): boolean {
  const target = task.targets?.[image];
  return target === undefined
    ? topClass(logits) !== task.labels[image]
    : topClass(logits) === target;
}
