import { colorize, type ColorTable, type Pixels, type Range } from '@convlens/data';

/**
 * A plane of values in colours.
 *
 * @param values the plane, row by row
 * @param width of it
 * @param height of it
 * @param range of the colours' ends
 * @param table colours
 */
export function painted(
  values: Float32Array,
  width: number,
  height: number,
  range: Range,
  table: ColorTable,
): Pixels {
  const data = new Uint8ClampedArray(4 * width * height);
  colorize(values, { offset: 0, width, height }, range, table, { data, width, height });
  return { width, height, data };
}
