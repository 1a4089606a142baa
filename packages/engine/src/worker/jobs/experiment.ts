import type { Network } from '@convlens/adapters';
import {
  NetworkClassifier,
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
import type { ImageId, NetworkId } from '../../shared/handles.js';
import type { LabeledImage, LabFrame, Measured } from '../../shared/lab.js';
import { breathe } from '../breathe.js';
import { poolOf } from '../runtime.js';
import type { Desk, Job, OnRuntime } from './job.js';
import { featureMaps } from './maps.js';

/** Least time between two frames, between two of them with answers, and without a look at the messages, in milliseconds. */
const PACE = { frame: 30, logits: 120, breath: 25 };

/** Under which name the programs of attacks are held. */
const CLASSIFIER = 'classifier';

/** Images as attacks take them, with their right classes. */
export interface ImageSet {
  readonly images: readonly Float32Array[];
  readonly labels: readonly number[];
}

/** What an experiment of the adversarial lab works with: networks as attacks see them, images, frames. */
export class Experiment {
  readonly #desk: Desk<LabFrame>;
  readonly #on: OnRuntime;
  #breath = performance.now();
  #frame = -Infinity;
  #logits = -Infinity;
  /** The network that was asked for first: its programs stay for the next experiment. */
  first: Network | undefined;

  /**
   * @param desk told of frames; ends the experiment between two steps
   * @param on the runtime
   */
  constructor(desk: Desk<LabFrame>, on: OnRuntime) {
    this.#desk = desk;
    this.#on = on;
  }

  /** An open network as attacks see it. */
  classifier(id: NetworkId): NetworkClassifier {
    const network = this.network(id);
    this.first ??= network;
    const { runtime } = this.#on;
    return this.#on.borrow(network, CLASSIFIER, () => {
      this.#desk.report({ stage: 'compile', what: network.title });
      return new NetworkClassifier(network, runtime.executor, poolOf(runtime));
    });
  }

  /** An open network. */
  network(id: NetworkId): Network {
    return this.#desk.network(id);
  }

  /** What reads the layers of an open network. */
  maps(id: NetworkId): FeatureMaps {
    return featureMaps(this.#desk, this.#on, this.network(id));
  }

  /** A kept image as the network is shown it: cropped, in 8 bits. */
  crop(image: ImageId, { shape }: Classifier): Pixels {
    return cropToInput(this.#desk.image(image), shape[1], shape[2]);
  }

  /** A kept image as attacks take it. */
  planes(image: ImageId, classifier: Classifier): Float32Array {
    return planesOf(this.crop(image, classifier), classifier.shape[0]);
  }

  /** Images with their classes for a network; those without one that it has have what it answers. */
  async set(images: readonly LabeledImage[], network: NetworkId): Promise<ImageSet> {
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
    this.#desk.check();
  }

  /** Tells of progress. */
  report(what: string, loaded: number, total: number, frame?: LabFrame): void {
    this.#desk.report({ stage: 'run', what, loaded, total });
    if (frame) this.#desk.frame({ ...frame, done: loaded, total });
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

/**
 * An experiment as a job: begun anew with the next backend when the device is lost meanwhile. Between experiments the programs
 * of one network are kept.
 *
 * @param run the experiment
 */
export function experiment<Request, Answer extends object>(
  run: (lab: Experiment, request: Request) => Promise<Answer>,
): Job<Request, Answer & Measured, LabFrame> {
  return {
    run(desk, request) {
      const began = performance.now();
      return desk.onRuntime(async (on) => {
        const lab = new Experiment(desk, on);
        let kept: Network | undefined;
        try {
          const answer = await run(lab, request);
          kept = lab.first;
          return { ...answer, backend: on.report, runMs: performance.now() - began };
        } catch (error) {
          // What was prepared is good after a cancel; after a failure it may not be.
          if (desk.signal.aborted) kept = lab.first;
          throw error;
        } finally {
          await desk.keepOnly(CLASSIFIER, kept);
        }
      });
    },
  };
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
