import { add, clamp, mix, scale, smooth, type Vec3 } from './color.js';
import { cells2, fbm2, hash, noise2 } from './noise.js';

/** Soft discs of light as a lens makes of things far out of focus. */
export function bokeh(
  x: number,
  y: number,
  colors: readonly Vec3[],
  options: { readonly count?: number; readonly seed?: number; readonly size?: number } = {},
): Vec3 {
  const { count = 5, seed = 1, size = 0.55 } = options;
  let out: Vec3 = mix(colors[0]!, colors[1 % colors.length]!, fbm2(x * 2.2, y * 2.2, 3, seed));
  for (let layer = 0; layer < 2; layer++) {
    const zoom = count * (1 + layer * 0.6);
    const cell = cells2(x * zoom + layer * 3.3, y * zoom, seed + layer * 7, 0.8);
    const radius = size * (0.5 + 0.5 * hash(cell.id * 9999, layer, seed));
    const cover = smooth(radius, radius * 0.72, cell.near) * (0.25 + 0.5 * cell.id);
    const color = colors[Math.floor(cell.id * 7919) % colors.length]!;
    out = mix(out, color, cover);
  }
  return out;
}

/** Sky from the horizon up, with clouds: `height` and `across` are the direction's parts. */
export function cloudSky(
  direction: Vec3,
  high: Vec3,
  low: Vec3,
  clouds: {
    readonly color?: Vec3;
    readonly amount?: number;
    readonly seed?: number;
    readonly zoom?: number;
  } = {},
): Vec3 {
  const { color = [1, 1, 1], amount = 0.5, seed = 3, zoom = 1 } = clouds;
  const up = Math.max(direction[1], 0);
  const clear = mix(low, high, clamp(up * 2.2) ** 0.7);
  const flat = zoom / (up + 0.18);
  const puff = fbm2(direction[0] * flat * 1.5, direction[2] * flat * 1.5 + up * 2, 6, seed);
  const cover = smooth(1 - amount, 1.12 - amount * 0.75, puff + 0.12);
  return mix(clear, color, cover * smooth(-0.02, 0.1, direction[1]));
}

/** Boards with grain, laid along x; the second number is 0 in the gaps between them. */
export function wood(
  x: number,
  y: number,
  dark: Vec3,
  light: Vec3,
  options: { readonly boards?: number; readonly seed?: number } = {},
): Vec3 {
  const { boards = 1, seed = 2 } = options;
  const board = Math.floor(y * boards);
  const within = y * boards - board;
  const shift = hash(board, seed) * 40;
  const warp = fbm2(x * 0.6 + shift, y * 2, 3, seed) * 1.6;
  const rings = 0.5 + 0.5 * Math.sin((y * 9 + warp * 5 + shift) * 3);
  const fibre = noise2(x * 5 + shift, y * 110, seed + 9);
  const tone = 0.35 * rings + 0.4 * fibre + 0.25 * hash(board, seed + 1);
  const gap = smooth(0, 0.035, Math.min(within, 1 - within));
  return scale(mix(dark, light, tone), 0.3 + 0.7 * gap);
}

/** Fur of grass blades seen from the side, for floors: a colour that varies blade by blade. */
export function turf(x: number, z: number, dark: Vec3, light: Vec3, seed = 4): Vec3 {
  const patch = fbm2(x * 1.3, z * 1.3, 4, seed);
  const blades = noise2(x * 60, z * 18, seed + 1) * 0.6 + noise2(x * 140, z * 40, seed + 2) * 0.4;
  const tone = clamp(patch * 0.7 + blades * 0.75 - 0.25);
  return add(mix(dark, light, tone), scale(light, 0.25 * smooth(0.7, 1, blades)));
}
