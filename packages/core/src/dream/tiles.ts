import type { Network } from '@convlens/adapters';
import { LensError } from '@convlens/onnx';
import type { ViewRandom } from '../optimisation/transforms/transform.js';

/** Height and width. */
export type Size = readonly [height: number, width: number];

/** How an image is cut up, after it is rolled. It goes on at its other side: tiles lie on a torus. */
export interface Tiles {
  /** Where tiles begin, in the rolled image. */
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  /** How many tiles cover each row and each column of the rolled image. */
  readonly covered: { readonly rows: Uint16Array; readonly columns: Uint16Array };
}

/**
 * By how much an image is rolled before it is cut, so that seams lie elsewhere every time.
 *
 * @param size of the image
 * @param random numbers for this step
 * @returns rows and columns
 */
export const rollOf = ([height, width]: Size, random: ViewRandom): Size => [
  random.below(height),
  random.below(width),
];

/**
 * Cuts a rolled image into tiles.
 *
 * @param size of the image
 * @param tile its own; a tile may be larger than the image
 */
export function cutTiles([height, width]: Size, tile: Size): Tiles {
  const rows = starts(height, tile[0]);
  const columns = starts(width, tile[1]);
  const covered = { rows: cover(rows, tile[0], height), columns: cover(columns, tile[1], width) };
  return { rows, columns, covered };
}

/** Tiles of this side at most, where nothing else is asked for. */
const SIDE = 256;

/**
 * The size of tiles for an image: the image itself where it is small enough, the network's own input where it takes no other.
 *
 * @param size of the image
 * @param network that sees them
 * @param side of tiles, at most; 256 by default
 * @param make makes something ready for tiles of a size
 * @returns the size, with what was made ready for it
 * @throws LensError as `make`, but for the `E_SHAPE` of networks whose dense layers take one size only
 */
export async function tileFor<T>(
  size: Size,
  { input }: Network,
  side: number | undefined,
  make: (tile: Size) => Promise<T>,
): Promise<{ readonly tile: Size; readonly made: T }> {
  const wish = size.map((extent) => Math.min(extent, side ?? SIDE)) as [number, number];
  try {
    return { tile: wish, made: await make(wish) };
  } catch (error) {
    if (!(error instanceof LensError) || error.code !== 'E_SHAPE') throw error;
    const own: Size = [input.shape[1], input.shape[2]];
    return { tile: own, made: await make(own) };
  }
}

/** Where tiles begin so that they cover an extent; spread evenly. */
function starts(extent: number, tile: number): number[] {
  const count = Math.ceil(extent / tile);
  return Array.from({ length: count }, (_, i) => Math.round((i * extent) / count));
}

/** How many tiles cover each place. */
function cover(begins: readonly number[], tile: number, extent: number): Uint16Array {
  const counts = new Uint16Array(extent);
  for (const begin of begins) {
    for (let at = begin; at < begin + tile; at++) counts[at % extent] = counts[at % extent]! + 1;
  }
  return counts;
}
