import type { Objective } from '@convlens/autodiff';
import type { Optimiser } from '../optimisation/optimisers/table.js';
import type { Corrections } from '../optimisation/corrections.js';
import type { Penalty } from '../optimisation/penalties/table.js';
import type { Transform } from '../optimisation/transforms/table.js';

/** Version of the format of recipes. A program reads those of its own version and older ones. */
export const RECIPE_VERSION = 1;

/** What every recipe says. */
interface Common {
  /** Version of the format. */
  readonly convlens: number;
  /** Id of the network. */
  readonly network: string;
  /** First 16 digits of the SHA-256 of the network's file, where it was known. */
  readonly sha256?: string;
  /** Name of the image: a sample's id, or a file's name. */
  readonly image?: string;
  /** Name of the image that guides. */
  readonly guide?: string;
  readonly seed: number;
}

/** Pictures that are optimised: visualisation, inversion, class reconstruction. */
export interface AscentRecipe extends Common {
  readonly technique: 'visualize' | 'invert' | 'reconstruct';
  /** One a picture, or one for all. */
  readonly goals: readonly Objective[];
  /** Pictures at once, each from its own noise; 1 by default. */
  readonly pictures?: number;
  readonly start: 'noise' | 'grey' | 'image';
  readonly steps: number;
  /** Size of the picture in sizes of the network's input; 1 by default. Views must then reach all of it (`crop`). */
  readonly enlarge?: number;
  readonly parametrisation: 'pixels' | 'fourier' | 'phase';
  readonly decay?: number;
  readonly optimiser: Optimiser;
  /** Parts of the run with their own factor of the rate, one after the other. */
  readonly schedule?: readonly { readonly steps: number; readonly factor: number }[];
  readonly transforms?: readonly Transform[];
  readonly views?: number;
  readonly penalties?: readonly Penalty[];
  readonly corrections?: Corrections;
}

/** An image that dreams. */
export interface DreamRecipe extends Common {
  readonly technique: 'dream';
  readonly goals: readonly [Objective];
  /** Steps on each size. */
  readonly steps: number;
  readonly octaves: number;
  readonly octaveScale: number;
  /** Mean change of a pixel in a step, in grey levels of 255. */
  readonly rate: number;
  readonly tile?: number;
  /** The longer side is reduced to this before dreaming; as it is by default. */
  readonly size?: number;
}

/** All that is needed to make a picture again: plain JSON. */
export type Recipe = AscentRecipe | DreamRecipe;
