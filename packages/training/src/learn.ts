import { float32, LensError, type TensorData } from '@convlens/onnx';
import type { ImageSet } from './image-set.js';
import { shuffled } from './letters.js';
import { oneHot, type StepReport, type Trainer } from './trainer.js';

/** What is learnt from, and for how long. */
export interface LearnOptions {
  readonly set: ImageSet;
  /** How often every image is seen. */
  readonly epochs: number;
  /** Of the order in which they are seen. Default 0. */
  readonly seed?: number;
  /** Learning rate of a step, of the optimiser's: a schedule. Default: as it is. */
  readonly rate?: (step: number, rate: number) => number;
}

/** A step with what was seen in it. */
export interface LearnReport extends StepReport {
  /** 1 for the first. */
  readonly epoch: number;
  /** Whether it is the epoch's last. */
  readonly last: boolean;
  /** Share of the batch that was told right, before the step. */
  readonly accuracy: number;
}

/**
 * Learns from a set, batch by batch, in an order that is other in every epoch and the same with the same seed. Images that do
 * not fill the last batch of an epoch wait for another order. It begins with the step that the trainer is at, so that a
 * checkpoint is gone on from as if nothing had been; and stops where whoever reads it stops.
 *
 * @param trainer the network that learns
 * @param options what from, and for how long
 * @throws LensError `E_ARGUMENT` when the set is smaller than a batch; `E_NOT_FINITE` when the loss is not finite, with the
 * step before which it was
 */
export async function* learn(
  trainer: Trainer,
  { set, epochs, seed = 0, rate = (_, usual) => usual }: LearnOptions,
): AsyncGenerator<LearnReport> {
  const { batch, classes, optimizer } = trainer.graph;
  const each = Math.floor(set.labels.length / batch);
  if (each === 0) {
    throw new LensError(
      'E_ARGUMENT',
      `Expected at least one batch of ${batch} images, got ${set.labels.length}. Take smaller batches, or more images.`,
    );
  }
  const order = new Uint32Array(set.labels.length);
  let ordered = -1;
  while (trainer.done < epochs * each) {
    const epoch = Math.floor(trainer.done / each);
    if (epoch !== ordered) {
      order.forEach((_, i) => (order[i] = i));
      shuffled(order, seed, `epoch ${epoch}`);
      ordered = epoch;
    }
    const at = trainer.done % each;
    const chosen = order.subarray(at * batch, (at + 1) * batch);
    const labels = Array.from(chosen, (i) => set.labels[i]!);
    const images = batchOf(set, chosen);
    const targets = oneHot(labels, classes);
    const report = await trainer.step(images, targets, rate(trainer.done + 1, optimizer.lr));
    if (!Number.isFinite(report.loss)) {
      throw new LensError(
        'E_NOT_FINITE',
        `The loss is not finite before step ${report.step}. Go back to a checkpoint and take a smaller learning rate.`,
      );
    }
    const right = labels.filter((label, i) => topOf(report.scores, i) === label).length;
    yield { ...report, epoch: epoch + 1, last: at === each - 1, accuracy: right / batch };
  }
}

/** Some images of a set, as a network is fed them. */
export function batchOf({ shape, images }: ImageSet, chosen: ArrayLike<number>): TensorData {
  const size = shape[0] * shape[1] * shape[2];
  const data = new Float32Array(chosen.length * size);
  for (let i = 0; i < chosen.length; i++) {
    data.set(images.subarray(chosen[i]! * size, (chosen[i]! + 1) * size), i * size);
  }
  return float32(data, [chosen.length, ...shape]);
}

/** The class with the highest score of an image. */
function topOf({ shape, data }: TensorData<'float32'>, image: number): number {
  const [, classes = 1] = shape;
  let best = 0;
  for (let k = 1; k < classes; k++) {
    if (data[image * classes + k]! > data[image * classes + best]!) best = k;
  }
  return best;
}
