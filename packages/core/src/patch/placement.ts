import type { Random } from '../random.js';

/** A disc, or a square. */
export const patchShapes = ['round', 'square'] as const;

/** A disc, or a square. */
export type PatchShape = (typeof patchShapes)[number];

/** A picture to lay on others. */
export interface Patch {
  readonly shape: PatchShape;
  /** Texels along a side. */
  readonly side: number;
  /** float32 in [0, 1], C x side x side; of a disc's corners nothing is shown. */
  readonly texels: Float32Array;
}

/** Where a patch lies on an image. */
export interface Placement {
  /** Its middle, in pixels from the left and top edges: 0.5 is the middle of the first pixel. */
  readonly x: number;
  readonly y: number;
  /** Side, or diameter, in pixels. */
  readonly size: number;
  /** Radians; y points down, so that it turns clockwise. */
  readonly turn: number;
}

/** What placements are drawn from. */
export interface Placing {
  /** Smallest and largest side, or diameter, as a part of the image's shorter side. Default 0.4 to 0.6. */
  readonly scale?: readonly [least: number, most: number];
  /** Largest turn to either side, in degrees. Default 22.5. */
  readonly rotation?: number;
}

/** What is drawn from where nothing is said. */
export const PLACING = { scale: [0.4, 0.6], rotation: 22.5 } as const satisfies Placing;

/**
 * A random placement that lies inside the image with all its corners, or middle where it is too large for that.
 *
 * @param shape of the patch
 * @param image `[height, width]`
 * @param placing sizes and turns
 * @param random seeded
 */
export function drawPlacement(
  shape: PatchShape,
  [height, width]: readonly [number, number],
  { scale: [least, most] = PLACING.scale, rotation = PLACING.rotation }: Placing,
  random: Random,
): Placement {
  const size = Math.min(height, width) * (least + (most - least) * random.uniform());
  const turn = ((2 * random.uniform() - 1) * rotation * Math.PI) / 180;
  const wide = shape === 'round' ? 1 : Math.abs(Math.cos(turn)) + Math.abs(Math.sin(turn));
  const place = (length: number): number => {
    const free = Math.max(0, length - size * wide);
    return length / 2 + free * (random.uniform() - 0.5);
  };
  return { x: place(width), y: place(height), size, turn };
}

/**
 * How much of each texel is there: 1 inside, 0 in the corners of a disc, a part on its edge.
 *
 * @param shape of the patch
 * @param side in texels
 * @param x from the left edge, in texels
 * @param y from the top edge, in texels
 */
export function coverage(shape: PatchShape, side: number, x: number, y: number): number {
  if (shape === 'square') return 1;
  const radius = Math.hypot(x - side / 2, y - side / 2);
  return Math.min(1, Math.max(0, side / 2 - radius + 0.5));
}

/**
 * What a placed patch does to an image, as a linear map: a pixel p becomes (1 - sum of w) p + sum of w t over the four
 * texels t around its place in the patch, with bilinear weights w that are 0 outside the patch.
 */
export interface Footprint {
  /** Pixels that are covered, as row * width + column. */
  readonly pixels: Int32Array;
  /** Texels of each, four a pixel, as row * side + column. */
  readonly texels: Int32Array;
  /** Their weights. */
  readonly weights: Float64Array;
}

/**
 * The footprint of a patch.
 *
 * @param shape of the patch
 * @param side in texels
 * @param placement where it lies
 * @param image `[height, width]`
 */
export function footprint(
  shape: PatchShape,
  side: number,
  { x, y, size, turn }: Placement,
  [height, width]: readonly [number, number],
): Footprint {
  const pixels: number[] = [];
  const texels: number[] = [];
  const weights: number[] = [];
  const [cos, sin] = [Math.cos(turn) * (side / size), Math.sin(turn) * (side / size)];
  // Half of the diagonal, and the texel by which bilinear weights reach out.
  const reach = (size / side) * (side / Math.SQRT2 + 1);
  const inside = (from: number, length: number): number => Math.min(length, Math.max(0, from));
  for (let row = inside(Math.floor(y - reach), height); row < inside(y + reach, height); row++) {
    for (let at = inside(Math.floor(x - reach), width); at < inside(x + reach, width); at++) {
      const [dx, dy] = [at + 0.5 - x, row + 0.5 - y];
      // Texel 0 has its middle at 0.
      const u = cos * dx + sin * dy + side / 2 - 0.5;
      const v = cos * dy - sin * dx + side / 2 - 0.5;
      const [left, top] = [Math.floor(u), Math.floor(v)];
      let any = false;
      for (let k = 0; k < 4; k++) {
        const [column, line] = [left + (k & 1), top + (k >> 1)];
        const out = column < 0 || line < 0 || column >= side || line >= side;
        const weight = out
          ? 0
          : (1 - Math.abs(u - column)) *
            (1 - Math.abs(v - line)) *
            coverage(shape, side, column + 0.5, line + 0.5);
        any ||= weight > 0;
        texels.push(out ? 0 : line * side + column);
        weights.push(weight);
      }
      if (any) pixels.push(row * width + at);
      else {
        texels.length -= 4;
        weights.length -= 4;
      }
    }
  }
  return {
    pixels: Int32Array.from(pixels),
    texels: Int32Array.from(texels),
    weights: Float64Array.from(weights),
  };
}

/** Numbers of either precision. */
type Floats = Float32Array | Float64Array;

/**
 * Lays a patch on an image.
 *
 * @param print where, and how
 * @param texels C planes
 * @param image C planes; changed
 */
export function lay(print: Footprint, texels: Floats, image: Floats, channels: number): void {
  const { pixels, weights } = print;
  const [plane, own] = [image.length / channels, texels.length / channels];
  for (let i = 0; i < pixels.length; i++) {
    let covered = 0;
    for (let k = 4 * i; k < 4 * i + 4; k++) covered += weights[k]!;
    for (let c = 0; c < channels; c++) {
      const at = c * plane + pixels[i]!;
      let value = (1 - covered) * image[at]!;
      for (let k = 4 * i; k < 4 * i + 4; k++) {
        value += weights[k]! * texels[c * own + print.texels[k]!]!;
      }
      image[at] = value;
    }
  }
}

/**
 * The transpose of laying: carries a gradient by the pixels back to the texels.
 *
 * @param print where, and how
 * @param gradient gradient by the image, C planes
 * @param factor it is multiplied by
 * @param sum receives the gradient by the texels, C planes, added to what is there
 * @param channels C
 */
export function lift(
  print: Footprint,
  gradient: Floats,
  factor: number,
  sum: Floats,
  channels: number,
): void {
  const { pixels, texels, weights } = print;
  const [plane, own] = [gradient.length / channels, sum.length / channels];
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < pixels.length; i++) {
      const value = factor * gradient[c * plane + pixels[i]!]!;
      for (let k = 4 * i; k < 4 * i + 4; k++) sum[c * own + texels[k]!]! += weights[k]! * value;
    }
  }
}
