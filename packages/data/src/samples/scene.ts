import type { Develop } from './render.js';
import type { Shader } from './world.js';

/** A sample picture: what it shows and which classes of the embedded networks are right for it. */
export interface SampleScene {
  readonly id: string;
  readonly title: string;
  /** Class names of `models/labels.txt` that count as right, best first. */
  readonly expected: readonly string[];
}

/** A sample picture with what draws it. */
export interface Scene extends SampleScene {
  readonly develop: Develop;
  /** Makes the light at each place of the picture. */
  shader(): Shader;
}
