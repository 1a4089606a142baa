import type { AttackLoss } from './losses.js';

/** What is differentiated: a loss of each image, or a sum of its logits with given weights. */
export type ClassifierObjective =
  | {
      readonly kind: AttackLoss;
      /** One class an image. */
      readonly labels: readonly number[];
      /** Classes to reach, one an image; only the logits ratio reads them. */
      readonly targets?: readonly number[];
    }
  | {
      readonly kind: 'weights';
      /** One weight a class, for each image. */
      readonly weights: readonly Float32Array[];
    };

/** An image's logits and the gradient with respect to its pixels. */
export interface ClassifierGradient {
  readonly logits: Float32Array;
  /** float32, C x H x W. */
  readonly gradient: Float32Array;
}

/**
 * What is attacked: pixels in, logits and gradients out. Pixels are in [0, 1], planes in the order red, green, blue (or
 * one of grey); whatever the network does to them first is part of it, so that an epsilon is one of pixels.
 */
export interface Classifier {
  /** `[channels, height, width]` of an image. */
  readonly shape: readonly [number, number, number];
  readonly classes: number;
  /** Images in one run at most; more are run in parts. */
  readonly widest: number;
  /**
   * Logits of images.
   *
   * @param images float32, C x H x W each
   * @throws LensError as the runtime does
   */
  logits(images: readonly Float32Array[]): Promise<readonly Float32Array[]>;
  /**
   * Logits, and gradients by the pixels. The gradient of cross-entropy comes divided by 1 - softmax_y, so that it does
   * not vanish where the network is sure: with r the softmax over the classes other than y, it is that of the sum of
   * r_k z_k minus z_y, r held fixed.
   *
   * @param images float32, C x H x W each
   * @param what loss or weights of the logits
   * @throws LensError as the runtime does; `E_OP_UNSUPPORTED` when an operator has no derivative
   */
  gradients(
    images: readonly Float32Array[],
    what: ClassifierObjective,
  ): Promise<readonly ClassifierGradient[]>;
}

/** How often a classifier was asked, each image counted once a time. */
export interface Queries {
  /** Forward passes. */
  forward: number;
  /** Gradients; each contains a forward pass, which is not counted again. */
  gradient: number;
}

/**
 * A classifier that counts what it is asked.
 *
 * @param classifier the one that answers
 */
export function counting(classifier: Classifier): { counted: Classifier; queries: Queries } {
  const queries: Queries = { forward: 0, gradient: 0 };
  return {
    queries,
    counted: {
      shape: classifier.shape,
      classes: classifier.classes,
      widest: classifier.widest,
      logits(images) {
        queries.forward += images.length;
        return classifier.logits(images);
      },
      gradients(images, what) {
        queries.gradient += images.length;
        return classifier.gradients(images, what);
      },
    },
  };
}
