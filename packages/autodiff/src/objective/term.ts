/**
 * One part of an objective. `weight` is 1 by default; a negative one asks for the opposite. Without softmax, except in
 * `probability`. A layer is named by its id in a network, and by the name of its value in a graph.
 */
export type Term = { readonly weight?: number } & (
  | { readonly kind: 'class'; readonly index: number }
  /** The mean of a channel over its positions. */
  | { readonly kind: 'channel'; readonly layer: string; readonly channel: number }
  /** A channel at one position; at the centre, floor(size / 2), when none is given. */
  | {
      readonly kind: 'neuron';
      readonly layer: string;
      readonly channel: number;
      readonly row?: number;
      readonly column?: number;
    }
  /** Half the mean square of a layer: DeepDream's. */
  | { readonly kind: 'layer'; readonly layer: string }
  /**
   * The dot product of the channels with a vector, mean over positions; with `cosine` times max(cosine, 0.1)^cosine
   * (Lucid's `cossim_pow`). With a the channels at a position and v the vector, cosine = a v / (sqrt(|a|^2 + 1e-8)
   * (|v| + 1e-4)).
   */
  | {
      readonly kind: 'direction';
      readonly layer: string;
      readonly direction: readonly number[];
      readonly cosine?: number;
    }
  /** Minus the relative squared distance |a - a0|^2 / |a0|^2 to an image's activation (Mahendran and Vedaldi 2015). */
  | { readonly kind: 'match'; readonly layer: string }
  /** Mean over positions of the largest dot product with any position of a guide image's activation. */
  | { readonly kind: 'guide'; readonly layer: string }
  /** The logarithm of a class's probability: through the softmax. */
  | { readonly kind: 'probability'; readonly index: number }
  /**
   * Minus the mean cosine between the Gram matrices of the images of a batch, so that they differ (Olah et al. 2017).
   */
  | { readonly kind: 'diversity'; readonly layer: string }
);

/** A scalar of an image to climb or to differentiate: the weighted sum of its terms. Plain data. */
export type Objective = readonly Term[];

/** Where a term looks: a value `[batch, channels, positions...]`. */
export interface Place {
  readonly value: string;
  /** Without the batch. */
  readonly shape: readonly number[];
  /** For messages. */
  readonly name: string;
}
