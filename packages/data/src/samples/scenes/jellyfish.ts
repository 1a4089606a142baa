import { add, clamp, hex, mix, scale, smooth, type Vec3 } from '../color.js';
import { fbm2, hash, noise2 } from '../noise.js';
import type { Scene } from '../scene.js';

/** A frill or thread hanging from the bell: how bright it is at a place. */
function thread(x: number, y: number, from: number, seed: number, width: number): number {
  if (y < 0) return 0;
  const sway = 0.05 * Math.sin(y * 9 + seed * 2.1) + 0.07 * (noise2(y * 3.2, seed, 4) - 0.5);
  const d = Math.abs(x - from - sway * (0.3 + y * 1.6));
  return smooth(width, 0, d) * smooth(0.62, 0.1, y);
}

/** Light of one jellyfish, its bell of radius 1 around the origin, y down. */
function jelly(x: number, y: number): Vec3 {
  const dome = Math.hypot(x, y * (y < 0 ? 1.15 : 2.6));
  const rim = 0.055 * Math.cos(Math.atan2(y, x) * 16);
  const inside = smooth(1.02, 0.97, dome + (y > 0 ? rim : 0));
  const edge = smooth(0.62, 1, dome);
  const ribs =
    0.5 +
    0.5 *
      Math.cos(
        Math.asin(clamp(x / Math.max(0.2, Math.sqrt(Math.max(0.04, 1 - y * y))), -1, 1)) * 17,
      );
  const organs = [-0.34, 0.34, -0.12, 0.12].reduce(
    (sum, at, i) =>
      sum +
      smooth(0.16, 0.09, Math.abs(Math.hypot(x - at, (y + 0.2 + 0.1 * (i >> 1)) * 1.5) - 0.15)),
    0,
  );
  let light = scale(hex(0xf4b9d2), inside * (0.2 + 0.65 * edge + 0.12 * ribs));
  light = add(light, scale(hex(0xff9fd0), inside * 0.4 * Math.min(1, organs)));
  let arms = 0;
  for (let i = 0; i < 6; i++) arms += 0.5 * thread(x, y - 0.1, (i - 2.5) * 0.13, i, 0.085);
  let hairs = 0;
  for (let i = 0; i < 26; i++) {
    hairs += 0.55 * thread(x, (y - 0.12) * 0.55, (i - 12.5) * 0.074, i + 20 + hash(i, 3), 0.013);
  }
  const frill = 0.6 + 0.4 * fbm2(x * 14, y * 9, 3, 5);
  light = add(light, scale(hex(0xffd5e2), arms * frill * 0.75));
  return add(light, scale(hex(0xf7c8da), hairs * 0.5));
}

/** A jellyfish drifting in deep blue water. */
export const jellyfish: Scene = {
  id: 'jellyfish',
  title: 'Jellyfish',
  expected: ['jellyfish'],
  develop: { exposure: 1.25, vignette: 0.5 },
  shader: () => (x, y) => {
    const murk = fbm2(x * 2.2, y * 2.2, 4, 7);
    const water = mix(hex(0x0a3f9a), hex(0x03123f), clamp(y * 0.9 + murk * 0.5 - 0.15));
    const beams = smooth(0.5, 0.9, noise2(x * 5 + y * 1.6, 0.5, 8)) * (1 - y) * 0.12;
    const turn = 0.22;
    const px = (x - 0.5) * 3.1;
    const py = (y - 0.34) * 3.1;
    const light = jelly(
      px * Math.cos(turn) + py * Math.sin(turn),
      py * Math.cos(turn) - px * Math.sin(turn),
    );
    return add(add(water, [beams * 0.5, beams * 0.8, beams]), light);
  },
};
