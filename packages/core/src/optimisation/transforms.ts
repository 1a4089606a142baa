import { randomWords } from '@convlens/adapters/builders';

/**
 * A random change of the view, so that a picture cannot depend on single pixels. Lengths are pixels of the image.
 * They are applied in order, each step anew.
 */
export type Transform =
  /** A margin on every side. It is grey, or what `value` says (0 to 1). */
  | { readonly kind: 'pad'; readonly pixels: number; readonly value?: number }
  /** A window smaller by `pixels` at a random place, in whole pixels. */
  | { readonly kind: 'jitter'; readonly pixels: number }
  /** A zoom by one of the factors. */
  | { readonly kind: 'scale'; readonly factors: readonly number[] }
  /** A turn by one of the angles, in degrees. */
  | { readonly kind: 'rotate'; readonly degrees: readonly number[] }
  /** The image shifted around the edges by up to `pixels`, in whole pixels. */
  | { readonly kind: 'roll'; readonly pixels: number }
  /** A square window of a random size between two shares of the image, shown at the size of the input (MACO). */
  | { readonly kind: 'crop'; readonly from: number; readonly to: number };

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

/** Random numbers of one view. */
export interface ViewRandom {
  /** A whole number from 0 to `count` - 1. */
  below(count: number): number;
  /** A number from 0 to 1. */
  unit(): number;
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
 * @param transforms the chain
 * @param image `[height, width]` of the image
 * @param input `[height, width]` of the network's input
 * @param random numbers for this view
 */
export function drawView(
  transforms: readonly Transform[],
  image: readonly [number, number],
  input: readonly [number, number],
  random: ViewRandom,
): View {
  let [height, width] = image;
  // From coordinates of what there is so far to those of the image.
  let m: Affine = [1, 0, 0, 0, 1, 0];
  let beyond: View['beyond'] = 0.5;
  for (const transform of transforms) {
    switch (transform.kind) {
      case 'pad':
        m = after(m, shift(-transform.pixels, -transform.pixels));
        height += 2 * transform.pixels;
        width += 2 * transform.pixels;
        beyond = transform.value ?? 0.5;
        break;
      case 'jitter': {
        const { pixels } = transform;
        m = after(m, shift(random.below(pixels + 1), random.below(pixels + 1)));
        height -= pixels;
        width -= pixels;
        break;
      }
      case 'scale': {
        const factor = transform.factors[random.below(transform.factors.length)] ?? 1;
        // Pixel centres: (x + 0.5) / factor - 0.5.
        const offset = 0.5 / factor - 0.5;
        m = after(m, [1 / factor, 0, offset, 0, 1 / factor, offset]);
        height = Math.round(height * factor);
        width = Math.round(width * factor);
        break;
      }
      case 'rotate': {
        const degrees = transform.degrees[random.below(transform.degrees.length)] ?? 0;
        const [cos, sin] = [Math.cos, Math.sin].map((f) => f((degrees * Math.PI) / 180)) as [
          number,
          number,
        ];
        const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
        m = after(m, [cos, -sin, cx - cos * cx + sin * cy, sin, cos, cy - sin * cx - cos * cy]);
        break;
      }
      case 'roll': {
        const reach = 2 * transform.pixels + 1;
        const offset = (): number => random.below(reach) - transform.pixels;
        m = after(m, shift(offset(), offset()));
        beyond = 'wrap';
        break;
      }
      case 'crop': {
        const share = transform.from + (transform.to - transform.from) * random.unit();
        const side = share * Math.min(height, width);
        const factor = side / Math.min(...input);
        const [left, top] = [random.unit() * (width - side), random.unit() * (height - side)];
        const offset = 0.5 * factor - 0.5;
        m = after(m, [factor, 0, left + offset, 0, factor, top + offset]);
        [height, width] = input;
        break;
      }
    }
  }
  m = after(m, shift(Math.round((width - input[1]) / 2), Math.round((height - input[0]) / 2)));
  const [xx, xy, x0, yx, yy, y0] = m;
  return { xx, xy, x0, yx, yy, y0, beyond };
}

/** x' = a x + b y + c, y' = d x + e y + f. */
type Affine = readonly [number, number, number, number, number, number];

const shift = (x: number, y: number): Affine => [1, 0, x, 0, 1, y];

/** First `inner`, then `outer`. */
function after(outer: Affine, inner: Affine): Affine {
  const [a, b, c, d, e, f] = outer;
  const [g, h, i, j, k, l] = inner;
  return [
    a * g + b * j,
    a * h + b * k,
    a * i + b * l + c,
    d * g + e * j,
    d * h + e * k,
    d * i + e * l + f,
  ];
}
