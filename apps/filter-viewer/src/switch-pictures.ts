import type { LayerActivation } from '@convlens/engine';
import { mapPictures, type Pictures } from './pictures.js';

/** Pixels of a picture for each place, where there is room: enough for a place to be seen alone. */
const CELL = 3;
/** How much is left of the colour of places that no pooled value came from. */
const DIMMED = 0.3;

/**
 * What a max-pooling read, as pictures in which only the places that won are bright.
 *
 * @param map of a layer that has a pooling
 * @param together one range for all channels instead of one each
 * @param dark whether the page is dark
 */
export function switchPictures(
  { pooling }: Required<LayerActivation>,
  together: boolean,
  dark: boolean,
): Pictures {
  const { activation, statistics, switches, geometry } = pooling;
  const base = mapPictures(activation, statistics, together, dark);
  const [, height = 1, width = 1] = activation.shape;
  const [rows = 1, columns = 1] = geometry.to;
  return {
    ...base,
    tileWidth: width * CELL,
    tileHeight: height * CELL,
    paint: (unit, picture) => {
      base.paint(unit, picture);
      const won = new Set(switches.subarray(unit * rows * columns, (unit + 1) * rows * columns));
      const { low, high } = base.rangeOf(unit);
      // Towards the colour of zero, so that places that won with nothing do not stand out.
      const zero = 3 * Math.max(0, Math.min(255, Math.round((-255 * low) / (high - low || 1))));
      for (let y = 0, at = 0; y < picture.height; y++) {
        const row = Math.floor(((y + 0.5) * height) / picture.height);
        for (let x = 0; x < picture.width; x++, at += 4) {
          const column = Math.floor(((x + 0.5) * width) / picture.width);
          if (won.has(row * width + column)) continue;
          for (let c = 0; c < 3; c++) {
            const rest = base.table?.[zero + c] ?? 0;
            picture.data[at + c] = rest + DIMMED * (picture.data[at + c]! - rest);
          }
        }
      }
    },
  };
}
