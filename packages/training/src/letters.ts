import { fillNormal, randomWords } from '@convlens/adapters/builders';
import { LensError } from '@convlens/onnx';
import type { ImageSet } from './image-set.js';

/** Letters on a grid of 8 x 8: a stem in column 2, bars in columns 2 to 5. */
const GLYPHS: Readonly<Record<string, readonly string[]>> = {
  E: ['####', '#...', '####', '#...', '#...', '####'],
  F: ['####', '#...', '####', '#...', '#...', '#...'],
  L: ['#...', '#...', '#...', '#...', '#...', '####'],
  C: ['####', '#...', '#...', '#...', '#...', '####'],
  H: ['#..#', '#..#', '####', '#..#', '#..#', '#..#'],
  I: ['.#..', '.#..', '.#..', '.#..', '.#..', '.#..'],
  O: ['####', '#..#', '#..#', '#..#', '#..#', '####'],
  P: ['####', '#..#', '####', '#...', '#...', '#...'],
  T: ['####', '.#..', '.#..', '.#..', '.#..', '.#..'],
  U: ['#..#', '#..#', '#..#', '#..#', '#..#', '####'],
};

const SIDE = 8;
const [TOP, LEFT] = [1, 2];

/** Letters that there are. */
export const letterNames: readonly string[] = Object.keys(GLYPHS);

/** Which letters, how many, how noisy. */
export interface LetterOptions {
  /** Default E, F and L. */
  readonly letters?: readonly string[];
  /** Images of each. Default 2,000. */
  readonly each?: number;
  /** Deviation of the noise that is added where it is above 0. Default 0.2. */
  readonly noise?: number;
  readonly seed?: number;
}

/**
 * A letter without noise.
 *
 * @param letter one of `letterNames`
 * @returns 8 x 8 numbers, 1 on the letter and 0 beside it
 * @throws LensError `E_ARGUMENT` for another
 */
export function glyph(letter: string): Float32Array {
  const rows = Object.hasOwn(GLYPHS, letter) ? GLYPHS[letter] : undefined;
  if (!rows) {
    throw new LensError(
      'E_ARGUMENT',
      `Expected letters of ${letterNames.join(', ')}, got "${letter}".`,
    );
  }
  const image = new Float32Array(SIDE * SIDE);
  rows.forEach((row, y) => {
    for (const [x, dot] of [...row].entries()) {
      if (dot === '#') image[(TOP + y) * SIDE + LEFT + x] = 1;
    }
  });
  return image;
}

/**
 * Noisy letters on a small grid, drawn by code: to each image normal noise is added whose negative samples are 0. The order is
 * shuffled. The same on every machine.
 *
 * @param options which, how many, how noisy
 * @throws LensError `E_ARGUMENT` for a letter that there is not
 */
export function letters(options: LetterOptions = {}): ImageSet {
  const { letters: names = ['E', 'F', 'L'], each = 2000, noise = 0.2, seed = 0 } = options;
  const glyphs = names.map(glyph);
  const count = names.length * each;
  const size = SIDE * SIDE;
  const images = new Float32Array(count * size);
  fillNormal(images, seed, 'letters', 0, noise);
  const labels = shuffled(
    Uint8Array.from({ length: count }, (_, i) => i % names.length),
    seed,
    'letters',
  );
  for (let i = 0; i < count; i++) {
    const drawn = glyphs[labels[i]!]!;
    for (let k = 0; k < size; k++) {
      images[i * size + k] = drawn[k]! + Math.max(0, images[i * size + k]!);
    }
  }
  return { shape: [1, SIDE, SIDE], classes: names, images, labels };
}

/**
 * A list in another order (Fisher and Yates), the same on every machine.
 *
 * @param list it is changed
 * @param seed of the order
 * @param key what it is for: other keys, other orders
 */
export function shuffled<T extends { readonly length: number; [at: number]: number }>(
  list: T,
  seed: number,
  key: string,
): T {
  const words = randomWords(seed, `${key}/order`);
  for (let i = list.length - 1; i > 0; i--) {
    const at = Math.floor(((words() >>> 0) / 2 ** 32) * (i + 1));
    [list[i], list[at]] = [list[at]!, list[i]!];
  }
  return list;
}
