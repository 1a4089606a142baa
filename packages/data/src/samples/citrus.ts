import { clamp, mix, smooth, type Vec3 } from './color.js';
import { fbm2, hash, noise2, noise3 } from './noise.js';

/** Colours of a cut citrus fruit. */
export interface Flesh {
  readonly pulp: Vec3;
  readonly deep: Vec3;
  readonly pith: Vec3;
  readonly peel: Vec3;
}

/** The cut face of a citrus fruit; (u, v) from its middle, 1 at the edge of the peel. */
export function citrusFace(u: number, v: number, flesh: Flesh, segments = 10, seed = 1): Vec3 {
  const r = Math.hypot(u, v);
  const turn = (Math.atan2(v, u) / (2 * Math.PI)) * segments + 0.3 * Math.sin(seed);
  const index = Math.floor(turn);
  const wobble = 0.12 * (hash(index, seed) - 0.5);
  const across = Math.abs(turn - index - 0.5 + wobble);
  const wall = (0.5 - across) * r * ((2 * Math.PI) / segments);
  const inside =
    smooth(0.012, 0.05, wall) *
    smooth(0.07, 0.13, r) *
    smooth(0.9, 0.855, r + 0.12 * across * across);
  // Juice sacs: drops drawn out from the middle to the peel.
  const sacs =
    noise2(turn * 9, r * 5 + hash(index, seed + 3) * 9, seed) * 0.6 +
    fbm2(u * 16, v * 16, 3, seed) * 0.5;
  const pulp = mix(flesh.deep, flesh.pulp, clamp(sacs * 1.5 - 0.35));
  const body = mix(flesh.pith, pulp, inside);
  return mix(body, flesh.peel, smooth(0.935, 0.965, r));
}

/** Pores of a citrus peel as a height. */
export const pores = (x: number, y: number, z: number): number =>
  0.014 * noise3(x * 17, y * 17, z * 17, 3) + 0.03 * noise3(x * 4, y * 4, z * 4, 5);
