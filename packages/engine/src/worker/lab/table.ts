import type { Network } from '@convlens/adapters';
import type { NetworkClassifier } from '@convlens/core';
import {
  pictureOf,
  planesOf,
  successRate,
  topClass,
  type AttackStep,
  type Classifier,
  type FeatureMaps,
  type OnAttackStep,
} from '@convlens/core';
import { cropToInput, type Pixels } from '@convlens/data';
import type { LabeledImage, LabFrame } from '../../shared/lab.js';
import { breathe } from '../breathe.js';
import type { Job } from '../jobs.js';

/** Least time between two frames, between two of them with answers, and without a look at the messages, in milliseconds. */
const PACE = { frame: 30, logits: 120, breath: 25 };

/** Images as attacks take them, with their right classes. */
export interface ImageSet {
  readonly images: readonly Float32Array[];
  readonly labels: readonly number[];
}

/** What the engine has open, by id. */
export interface Shelf {
  readonly network: (id: string) => Network;
  readonly image: (id: string) => Pixels;
  /** What reads the layers of a network. */
  readonly maps: (network: Network) => FeatureMaps;
}

/** What an experiment works with: the networks it asks for as classifiers, kept images, and the job it belongs to. */
export class Table {
  readonly #job: Job;
  readonly #classifier: (network: Network) => NetworkClassifier;
  readonly #shelf: Shelf;
  #breath = performance.now();
  #frame = -Infinity;
  #logits = -Infinity;

  /**
   * @param job told of frames; ends the experiment between two steps
   * @param classifier a network as attacks see it
   * @param shelf what is open
   */
  constructor(job: Job, classifier: (network: Network) => NetworkClassifier, shelf: Shelf) {
    this.#job = job;
    this.#classifier = classifier;
    this.#shelf = shelf;
  }

  /** An open network as attacks see it. */
  classifier(network: string): NetworkClassifier {
    return this.#classifier(this.network(network));
  }

  /** An open network. */
  network(id: string): Network {
    return this.#shelf.network(id);
  }

  /** What reads the layers of an open network. */
  maps(id: string): FeatureMaps {
    return this.#shelf.maps(this.network(id));
  }

  /** A kept image as the network is shown it: cropped, in 8 bits. */
  crop(image: string, { shape }: Classifier): Pixels {
    return cropToInput(this.#shelf.image(image), shape[1], shape[2]);
  }

  /** A kept image as attacks take it. */
  planes(image: string, classifier: Classifier): Float32Array {
    return planesOf(this.crop(image, classifier), classifier.shape[0]);
  }

  /** Images with their classes for a network; those without one that it has have what it answers. */
  async set(images: readonly LabeledImage[], network: string): Promise<ImageSet> {
    const classifier = this.classifier(network);
    const { classes = [] } = this.network(network);
    const planes = images.map(({ image }) => this.planes(image, classifier));
    const answers = await classifier.logits(planes);
    const labels = images.map(({ className }, i) => {
      const named = className === undefined ? -1 : classes.indexOf(className);
      return named < 0 ? topClass(answers[i]!) : named;
    });
    return { images: planes, labels };
  }

  /** Lets the thread take messages now and then, and ends the experiment when the page has cancelled. */
  async rest(): Promise<void> {
    const now = performance.now();
    if (now - this.#breath > PACE.breath) {
      await breathe();
      this.#breath = performance.now();
    }
    this.#job.check();
  }

  /** Tells of progress. */
  report(what: string, loaded: number, total: number, lab?: LabFrame): void {
    this.#job.report({ stage: 'run', what, loaded, total, ...(lab && { lab }) });
  }

  /**
   * Tells of the steps of an attack, with the first image as it is then, and now and then what is answered to it.
   *
   * @param what is done, for people
   * @param classifier whose answers are shown; the image itself is when there is none
   * @param paint how the first image is shown
   */
  watch(
    what: string,
    classifier: Classifier | undefined,
    paint: (image: Float32Array) => Pixels,
  ): OnAttackStep {
    return async ({ done, total, images: [image] }: AttackStep) => {
      await this.rest();
      const now = performance.now();
      // A short attack is shown step by step: its film needs them all.
      if (!image || (total > 64 && now - this.#frame < PACE.frame)) return;
      this.#frame = now;
      const answer = classifier && now - this.#logits > PACE.logits;
      const [logits] = answer ? await classifier.logits([image]) : [];
      if (logits) this.#logits = performance.now();
      this.report(what, done, total, { picture: paint(image), ...(logits && { logits }) });
    };
  }

  /** Tells of the steps of an attack in numbers only, as a part of the whole. */
  count(what: string, done: number, of: number): OnAttackStep {
    return async (step) => {
      await this.rest();
      this.report(what, done + step.done / step.total, of);
    };
  }
}

/** Paints images of a classifier. */
export const painter =
  ({ shape }: Classifier) =>
  (image: Float32Array): Pixels =>
    pictureOf(image, shape);

/**
 * Part of the images that were known and are mistaken now; 0 where none was known.
 *
 * @param answers logits of each image, as it is now
 * @param labels the right classes
 * @param known whether it was known before
 */
export function partMisled(
  answers: readonly Float32Array[],
  labels: readonly number[],
  known: readonly boolean[],
): number {
  return successRate(
    answers.map((logits, i) => ({ known: known[i]!, fooled: topClass(logits) !== labels[i] })),
  );
}
