import { randomWords } from '@convlens/adapters/builders';
import { filled } from '../schema/settings.js';
import { after, shift } from './transforms/affine.js';
import { transforms, type Transform } from './transforms/table.js';
import type { Seen, TransformKind, ViewRandom } from './transforms/transform.js';

/**
 * One drawn view: output pixel (x, y) looks at the image at (xx x + xy y + x0, yx x + yy y + y0), all counted from
 * pixel centres.
 */
export interface View {
  readonly xx: number;
  readonly xy: number;
  readonly x0: number;
  readonly yx: number;
  readonly yy: number;
  readonly y0: number;
  /** What is beyond the edges: the image again, or grey of this value (0 to 1). */
  readonly beyond: 'wrap' | number;
}

/**
 * Random numbers for one step of one view; the same on every machine.
 *
 * @param seed of the recipe
 * @param step number of the step
 * @param view number of the view within the step
 */
export function viewRandom(seed: number, step: number, view: number): ViewRandom {
  const next = randomWords(seed, `view ${view} of step ${step}`);
  const unit = (): number => (next() >>> 0) / 2 ** 32;
  return { unit, below: (count) => Math.min(count - 1, Math.floor(unit() * count)) };
}

/**
 * Draws one view. The chain is followed from the image to the input: each transform is an affine map, so the whole is
 * one, and the image is sampled once. What is left is centred in the input: cut off where it is larger, grey where it
 * is smaller (Lucid lets the network see any size; ours have one).
 *
 * @param chain the transforms
 * @param image `[height, width]` of the image
 * @param input `[height, width]` of the network's input
 * @param random numbers for this view
 */
export function drawView(
  chain: readonly Transform[],
  image: readonly [number, number],
  input: readonly [number, number],
  random: ViewRandom,
): View {
  let seen: Seen = { height: image[0], width: image[1], map: [1, 0, 0, 0, 1, 0], beyond: 0.5 };
  for (const transform of chain) {
    const row = transforms[transform.kind] as TransformKind;
    seen = row.draw(filled(row.parameters, transform), seen, random, input);
  }
  const { height, width, map, beyond } = seen;
  const centred = shift(Math.round((width - input[1]) / 2), Math.round((height - input[0]) / 2));
  const [xx, xy, x0, yx, yy, y0] = after(map, centred);
  return { xx, xy, x0, yx, yy, y0, beyond };
}
