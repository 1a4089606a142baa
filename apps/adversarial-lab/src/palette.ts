/**
 * Colours that tell classes or lines apart for every common colour vision, on light and on dark (after Okabe and Ito,
 * Color universal design, 2008). Red, green and blue.
 */
export const PALETTE: readonly (readonly [number, number, number])[] = [
  [0, 114, 178],
  [213, 94, 0],
  [0, 158, 115],
  [204, 121, 167],
  [230, 159, 0],
  [86, 180, 233],
  [150, 150, 150],
  [178, 168, 40],
];

/**
 * A colour of the palette as CSS.
 *
 * @param i which; it begins anew after the last
 */
export const colour = (i: number): string => `rgb(${PALETTE[i % PALETTE.length]!.join(' ')})`;
