/** 256 colours as RGB bytes: entry i is for the value i / 255 of the way from the map's low to its high end. */
export type ColorTable = Uint8Array;

type Lab = readonly [lightness: number, a: number, b: number];

/** OKLab to 8-bit sRGB (Ottosson 2020, https://bottosson.github.io/posts/oklab/), clipped to the gamut. */
function toSrgb([lightness, a, b]: Lab): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const encode = (linear: number): number => {
    const clipped = Math.min(1, Math.max(0, linear));
    const value = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
    return Math.round(255 * value);
  };
  return [
    encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encode(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** Lightness, chroma and hue in degrees, to OKLab. */
const lch = (lightness: number, chroma: number, hue: number): Lab => [
  lightness,
  chroma * Math.cos((hue * Math.PI) / 180),
  chroma * Math.sin((hue * Math.PI) / 180),
];

/** A table that runs straight through the given colours in OKLab, evenly spaced. */
function through(stops: readonly Lab[]): ColorTable {
  const table = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (stops.length - 1);
    const from = Math.min(stops.length - 2, Math.floor(place));
    const low = stops[from]!;
    const high = stops[from + 1]!;
    const t = place - from;
    table.set(
      toSrgb([
        low[0] + (high[0] - low[0]) * t,
        low[1] + (high[1] - low[1]) * t,
        low[2] + (high[2] - low[2]) * t,
      ]),
      i * 3,
    );
  }
  return table;
}

/**
 * Sequential map for values that start at zero: dark violet through blue and green to yellow, lightness rising
 * evenly, so that it also reads in grey and with any colour vision.
 */
export const sequential: ColorTable = through([
  lch(0.2, 0.07, 300),
  lch(0.34, 0.12, 292),
  lch(0.47, 0.1, 248),
  lch(0.6, 0.1, 190),
  lch(0.73, 0.15, 148),
  lch(0.86, 0.18, 116),
  lch(0.96, 0.13, 104),
]);

/**
 * Diverging map for signed values on a light page: blue below zero, near-white at zero (entry 127.5), orange to
 * red above. Blue against orange holds for every common form of colour blindness.
 */
export const divergingLight: ColorTable = through([
  lch(0.36, 0.12, 262),
  lch(0.55, 0.15, 254),
  lch(0.76, 0.09, 244),
  lch(0.97, 0, 0),
  lch(0.8, 0.1, 62),
  lch(0.62, 0.16, 46),
  lch(0.42, 0.13, 34),
]);

/** The same for a dark page: zero is near-black, so that what is strong is bright. */
export const divergingDark: ColorTable = through([
  lch(0.86, 0.08, 240),
  lch(0.66, 0.14, 250),
  lch(0.42, 0.12, 260),
  lch(0.19, 0, 0),
  lch(0.45, 0.11, 42),
  lch(0.68, 0.16, 52),
  lch(0.88, 0.1, 76),
]);

/** Plain grey, black to white. */
export const grey: ColorTable = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));

/** The values that the ends of a colour table stand for. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * The range to show values with: from zero for values that never go below, symmetric about zero for signed ones,
 * so that zero keeps its colour.
 *
 * @param low smallest value
 * @param high largest value
 */
export function displayRange(low: number, high: number): Range {
  if (low >= 0) return { low: 0, high: high > 0 ? high : 1 };
  const reach = Math.max(Math.abs(low), Math.abs(high));
  return { low: -reach, high: reach };
}

/**
 * Colours a plane of values. Where the picture is smaller than the plane, the value at the nearest place is taken,
 * so the cost is that of the picture. Values outside the range take the end colours; NaN is magenta, to be seen.
 *
 * @param values at least `offset + height * width` numbers
 * @param plane where the plane starts in `values`, and its height and width
 * @param range values of the table's ends
 * @param table 256 RGB colours
 * @param out RGBA picture to write, of `outWidth * outHeight` pixels
 */
export function colorize(
  values: Float32Array,
  plane: { readonly offset: number; readonly width: number; readonly height: number },
  range: Range,
  table: ColorTable,
  out: { readonly data: Uint8ClampedArray; readonly width: number; readonly height: number },
): void {
  const scale = 255 / (range.high - range.low || 1);
  const stepX = plane.width / out.width;
  const stepY = plane.height / out.height;
  let to = 0;
  for (let y = 0; y < out.height; y++) {
    const row = plane.offset + Math.floor((y + 0.5) * stepY) * plane.width;
    for (let x = 0; x < out.width; x++, to += 4) {
      const value = values[row + Math.floor((x + 0.5) * stepX)]!;
      if (value !== value) {
        out.data.set([255, 0, 255, 255], to);
        continue;
      }
      let index = Math.round((value - range.low) * scale);
      index = index < 0 ? 0 : index > 255 ? 255 : index;
      out.data[to] = table[index * 3]!;
      out.data[to + 1] = table[index * 3 + 1]!;
      out.data[to + 2] = table[index * 3 + 2]!;
      out.data[to + 3] = 255;
    }
  }
}
