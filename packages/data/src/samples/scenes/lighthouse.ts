import { cloudSky } from '../backdrop.js';
import { clamp, hex, mix, scale, smooth, unit, type Vec3 } from '../color.js';
import { fbm2, noise2 } from '../noise.js';
import type { Scene } from '../scene.js';
import { blend, cylinder, taper } from '../sdf.js';
import { view, type World } from '../world.js';

const LIGHT_Y = 5.2;

/** The tower, its gallery, the lantern and its roof. */
function tower(x: number, y: number, z: number): number {
  const shaft = taper(x, y - 2.6, z, 0.95, 0.58, 2.6);
  const gallery = cylinder(x, y - LIGHT_Y, z, 0.82, 0.09);
  const lantern = cylinder(x, y - LIGHT_Y - 0.5, z, 0.42, 0.45);
  const roof = taper(x, y - LIGHT_Y - 1.25, z, 0.58, 0.05, 0.3);
  return Math.min(shaft, gallery, lantern, roof);
}

const rock = (x: number, y: number, z: number): number => {
  const hill = y - 0.25 + 0.09 * (x * x + z * z) - 0.35 * fbm2(x * 1.1, z * 1.1, 4, 3);
  return hill * 0.6;
};

const world: World = {
  things: (x, y, z) => blend(tower(x, y, z), rock(x, y, z), 0.05),
  bound: [0, 2.2, 0, 5.6],
  care: 0.8,
  steps: 120,
  surface([x, y, z]) {
    if (tower(x, y, z) > rock(x, y, z)) {
      const grass = smooth(0.35, 0.75, fbm2(x * 1.5, z * 1.5, 4, 8) + y * 0.25);
      const stone = mix(hex(0x5c5348), hex(0x9b8f7c), fbm2(x * 6, z * 6 + y * 5, 4, 2));
      return { color: mix(stone, hex(0x5d7a35), grass) };
    }
    if (y > LIGHT_Y + 0.85) return { color: hex(0x9c1f1a), gloss: 0.3 };
    if (y > LIGHT_Y + 0.1) {
      const bars = smooth(0.86, 0.94, Math.abs(Math.cos(Math.atan2(z, x) * 4)));
      return {
        color: mix(hex(0xf7e6a8), hex(0x4a1613), bars),
        gloss: 0.8,
        glow: [0.35, 0.3, 0.12],
      };
    }
    if (y > LIGHT_Y - 0.1) return { color: hex(0x2b2b2e) };
    const stripe = Math.floor(y / 1.02) % 2 === 1;
    const worn = 0.88 + 0.12 * noise2(Math.atan2(z, x) * 6, y * 5, 6);
    const window = Math.hypot((x - 0.05) * 3.2, (y % 1.6) - 0.85) < 0.34 && z > 0;
    const paint = stripe ? hex(0xb3261e) : hex(0xf2efe8);
    return { color: window ? hex(0x20242a) : scale(paint, worn) };
  },
  floor: -0.9,
  ground: ([x, , z], away) => {
    const waves = fbm2(x * 0.7, z * 2.2, 4, 4);
    const sea = mix(hex(0x17506e), hex(0x3f8fa8), waves);
    const foam = smooth(0.72, 0.8, waves) * clamp(1 - away * 0.02);
    return { color: mix(sea, [0.9, 0.95, 0.97], foam * 0.6), gloss: 0.5, polish: 30 };
  },
  sky: (d: Vec3) => cloudSky(d, hex(0x2f6fc2), hex(0xbfdcf2), { amount: 0.45, seed: 9, zoom: 0.9 }),
  sun: { from: unit([-0.7, 0.75, 0.6]), color: [2.1, 2, 1.8], hard: 10 },
  ambient: { above: [0.55, 0.68, 0.9], below: [0.28, 0.3, 0.26] },
  haze: { color: hex(0xc4d9e8), density: 0.012 },
};

/** A lighthouse on a rock by the sea. */
export const lighthouse: Scene = {
  id: 'lighthouse',
  title: 'Lighthouse',
  expected: ['beacon'],
  develop: { exposure: 0.95 },
  shader: () => view(world, { eye: [1.6, 1.7, 10.5], target: [0, 2.95, 0], wide: 0.78 }),
};
