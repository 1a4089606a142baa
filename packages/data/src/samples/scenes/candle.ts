import { bokeh } from '../backdrop.js';
import { add, hex, mix, scale, smooth, unit, type Vec3 } from '../color.js';
import { noise2 } from '../noise.js';
import type { Scene } from '../scene.js';
import { blend, cylinder, ellipsoid } from '../sdf.js';
import { view, type World } from '../world.js';

const BACK = [hex(0x0d0704), hex(0x2a1208), hex(0x5a2a0c), hex(0x1a0a06), hex(0xa8571a)];

const wax = (x: number, y: number, z: number): number => {
  const body = cylinder(x, y - 0.9, z, 0.52, 0.9);
  const bowl = ellipsoid(x, y - 1.86, z, 0.42, 0.16, 0.42);
  const drip = cylinder(x - 0.5, y - 1.3, z - 0.22, 0.07, 0.4) - 0.02;
  return blend(Math.max(body, -bowl), drip, 0.12);
};

const wick = (x: number, y: number, z: number): number => cylinder(x, y - 1.86, z, 0.025, 0.14);

const world: World = {
  things: (x, y, z) => Math.min(wax(x, y, z), wick(x, y, z)),
  bound: [0, 1, 0, 1.35],
  surface([x, y, z]) {
    if (wick(x, y, z) < wax(x, y, z)) return { color: hex(0x1a0f0a) };
    const warm = smooth(0.2, 1.85, y);
    return {
      color: mix(hex(0xd9b184), hex(0xfbe6c0), 0.5 + 0.5 * noise2(x * 3, y * 3, 3)),
      soft: 0.6,
      gloss: 0.25,
      glow: scale([1.15, 0.5, 0.13], warm ** 3 * 1.1),
    };
  },
  floor: 0,
  ground: ([x, , z]) => {
    const near = 1 / (1 + 0.9 * (x * x + z * z));
    return { color: hex(0x3a1d0e), gloss: 0.5, polish: 12, glow: scale([0.5, 0.22, 0.06], near) };
  },
  sky: (d) => bokeh(d[0] * 1.3 + 0.5, d[1] * 1.3 + 0.5, BACK, { count: 4, seed: 3 }),
  sun: { from: unit([-0.3, 0.9, 0.5]), color: [0.35, 0.22, 0.12], hard: 4 },
  ambient: { above: [0.2, 0.12, 0.06], below: [0.12, 0.05, 0.02] },
};

/** Light of the flame at a place of the picture. */
function flame(x: number, y: number): Vec3 {
  const px = (x - 0.5) / 0.055;
  const py = (0.315 - y) / 0.16;
  const width =
    py < 0
      ? Math.sqrt(Math.max(0, 1 - (py / 0.42) ** 2))
      : Math.max(0, 1 - py) ** 0.8 * (1 + 0.35 * py);
  const inside =
    smooth(1.05, 0.55, Math.abs(px) / Math.max(0.01, width)) * (py > -0.42 && py < 1 ? 1 : 0);
  const hot = mix(
    [3.4, 1.6, 0.35],
    [4, 3.2, 1.9],
    smooth(0.9, 0.1, Math.abs(px) + Math.max(0, py - 0.2)),
  );
  const away = Math.hypot(x - 0.5, (y - 0.26) * 0.85);
  const halo = Math.exp(-away * 9) * 0.75 + Math.exp(-away * 26) * 1.1;
  return add(scale(hot, inside), scale([1, 0.46, 0.12], halo));
}

/** A burning candle in a dark room. */
export const candle: Scene = {
  id: 'candle',
  title: 'Candle',
  expected: ['candle'],
  develop: { exposure: 1.1, vignette: 0.6 },
  shader: () => {
    const room = view(world, { eye: [0, 1.9, 5], target: [0, 1.35, 0], wide: 0.74 });
    return (x, y) => add(room(x, y), flame(x, y));
  },
};
