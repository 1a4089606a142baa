import type { Random } from '../random.js';

/** `[channels, height, width]` of an image. */
export type ImageShape = readonly [channels: number, height: number, width: number];

/** One way an image passes a defence. */
export interface Passage {
  /** What the network is shown: float32, of the same shape. */
  readonly image: Float32Array;
  /**
   * Carries a gradient by what is shown back to one by the image: the exact adjoint where the defence is linear. Without
   * it the defence has no useful derivative, and the gradient goes through as it is (BPDA).
   */
  readonly pull?: (gradient: Float32Array) => Float32Array;
}

/** Something done to every image before a network sees it, in the hope that it takes perturbations away. */
export interface Defence {
  readonly id: string;
  /** For people. */
  readonly title: string;
  /** What its strength is. */
  readonly strength: {
    readonly title: string;
    readonly fallback: number;
    readonly low: number;
    readonly high: number;
  };
  /** Whether it differs from time to time, so that an attack has to expect all of it (EOT). */
  readonly random: boolean;
  /**
   * Passes an image.
   *
   * @param image float32 in [0, 1], C x H x W
   * @param shape of it
   * @param strength within its bounds
   * @param random seeded, for those that are random
   */
  readonly pass: (
    image: Float32Array,
    shape: ImageShape,
    strength: number,
    random: Random,
  ) => Passage;
}
