import type { Convention } from './optimizers.js';

/** One extent for both directions, or `[height, width]`. */
export type Extents = number | readonly [number, number];

/** What is put around an image: so many zeros, or what keeps its extents (divided by the stride); none by default. */
export type Padding = number | 'same' | 'valid';

/** A layer as data. */
export type Layer =
  | {
      readonly kind: 'dense';
      readonly units: number;
      readonly bias?: boolean;
      /** First weights without their signs: units of few that answer to something from the beginning. Default false. */
      readonly positive?: boolean;
    }
  | {
      readonly kind: 'conv';
      readonly filters: number;
      readonly kernel: Extents;
      readonly stride?: Extents;
      readonly padding?: Padding;
      readonly groups?: number;
      readonly bias?: boolean;
    }
  | {
      readonly kind: 'max-pool' | 'average-pool';
      readonly size: Extents;
      /** The size by default. */
      readonly stride?: Extents;
      readonly padding?: Padding;
    }
  | { readonly kind: 'relu' | 'tanh' | 'sigmoid' | 'flatten' }
  | { readonly kind: 'batch-norm' }
  /** A share of the values is dropped while the network learns. */
  | { readonly kind: 'dropout'; readonly ratio: number }
  /** What the layers make of their input, added to the input, or to what the shortcut makes of it. */
  | {
      readonly kind: 'residual';
      readonly layers: readonly Layer[];
      readonly shortcut?: readonly Layer[];
    };

/** A small network as data. */
export interface NetworkRecipe {
  readonly name: string;
  /** `[channels, height, width]` of an image. */
  readonly input: readonly [number, number, number];
  /** The last one makes the scores: as many as there are classes, before any softmax. */
  readonly layers: readonly Layer[];
  /** Whose first weights and whose batch normalisation. Default `pytorch`. */
  readonly convention?: Convention;
  readonly seed?: number;
}
