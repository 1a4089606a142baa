import type { Network } from '@convlens/adapters';
import type {
  NetworkClassifier} from '@convlens/core';
import {
  pictureOf,
  planesOf,
  topClass,
  type AttackStep,
  type Classifier,
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

/** What an experiment works with: the networks it asks for as classifiers, kept images, and the job it belongs to. */
export class Table {
  readonly job: Job;
  readonly #classifier: (network: string) => NetworkClassifier;
  readonly #network: (id: string) => Network;
  readonly #image: (id: string) => Pixels;
  #breath = performance.now();
  #frame = -Infinity;
  #logits = -Infinity;

  /**
   * @param job told of frames; ends the experiment between two steps
   * @param classifier an open network, by its id
   * @param network the same as it was described
   * @param image a kept image, by its id
   */
  constructor(
    job: Job,
    classifier: (network: string) => NetworkClassifier,
    network: (id: string) => Network,
    image: (id: string) => Pixels,
  ) {
    this.job = job;
    this.#classifier = classifier;
    this.#network = network;
    this.#image = image;
  }

  /** An open network as attacks see it. */
  classifier(network: string): NetworkClassifier {
    return this.#classifier(network);
  }

  /** An open network. */
  network(id: string): Network {
    return this.#network(id);
  }

  /** A kept image as the network is shown it: cropped, in 8 bits. */
  crop(image: string, { shape }: Classifier): Pixels {
    return cropToInput(this.#image(image), shape[1], shape[2]);
  }

  /** Images with their classes; those without one have what the classifier answers. */
  async set(images: readonly LabeledImage[], classifier: Classifier): Promise<ImageSet> {
    const planes = images.map(({ image }) =>
      planesOf(this.crop(image, classifier), classifier.shape[0]),
    );
    const missing = images.flatMap(({ label }, i) => (label === undefined ? [i] : []));
    const answers = await classifier.logits(missing.map((i) => planes[i]!));
    const own = new Map(missing.map((i, at) => [i, topClass(answers[at]!)]));
    return { images: planes, labels: images.map(({ label }, i) => label ?? own.get(i)!) };
  }

  /** Lets the thread take messages now and then, and ends the experiment when the page has cancelled. */
  async rest(): Promise<void> {
    const now = performance.now();
    if (now - this.#breath > PACE.breath) {
      await breathe();
      this.#breath = performance.now();
    }
    this.job.check();
  }

  /** Tells of progress. */
  report(what: string, loaded: number, total: number, lab?: LabFrame): void {
    this.job.report({ stage: 'run', what, loaded, total, ...(lab && { lab }) });
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
