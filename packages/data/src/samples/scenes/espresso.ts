import { bokeh, wood } from '../backdrop.js';
import { hex, mix, scale, smooth, unit } from '../color.js';
import { cells2, fbm2 } from '../noise.js';
import type { Scene } from '../scene.js';
import { blend, cylinder, ring, taper } from '../sdf.js';
import { view, type Distance, type World } from '../world.js';

const LEVEL = 0.98;

const cup: Distance = (x, y, z) => {
  const outer = taper(x, y - 0.66, z, 0.56, 0.98, 0.56);
  const inner = taper(x, y - 0.78, z, 0.5, 0.93, 0.52);
  const shell = Math.max(outer, -inner);
  const lip = ring(x, y - 1.22, z, 0.955, 0.03);
  const px = x - 1.0;
  const handle = Math.hypot(Math.hypot(px * 0.9, y - 0.78) - 0.3, z) - 0.075;
  return blend(Math.min(shell, lip), Math.max(handle, -inner), 0.06);
};

const saucer: Distance = (x, y, z) => {
  const r = Math.hypot(x, z);
  const rise = 0.08 + 0.16 * smooth(0.6, 1.7, r);
  return Math.max(Math.abs(y - rise) - 0.03, r - 1.72) * 0.85;
};

const coffee: Distance = (x, y, z) => cylinder(x, y - LEVEL + 0.2, z, 0.86, 0.2);

const world: World = {
  things: (x, y, z) => Math.min(cup(x, y, z), saucer(x, y, z), coffee(x, y, z)),
  bound: [0, 0.6, 0, 1.9],
  surface([x, y, z]) {
    if (coffee(x, y, z) < Math.min(cup(x, y, z), saucer(x, y, z))) {
      const r = Math.hypot(x, z);
      const swirl = r * 3 + Math.atan2(z, x);
      const flow = fbm2(x * 2.2 + Math.cos(swirl) * 0.4, z * 2.2 + Math.sin(swirl) * 0.4, 5, 4);
      const foam = mix(hex(0x5a2a0c), hex(0xc98a45), smooth(0.3, 0.68, flow));
      const bubbles = cells2(x * 16, z * 16, 2);
      const edge = smooth(0.72, 0.86, r);
      const froth = mix(foam, hex(0xdfae6a), edge * smooth(0.3, 0.2, bubbles.near) * 0.8);
      return { color: mix(froth, hex(0x3a1706), smooth(0.84, 0.875, r)), gloss: 0.35, polish: 50 };
    }
    return { color: [0.86, 0.85, 0.83], gloss: 0.8, polish: 120, soft: 0.15 };
  },
  floor: 0,
  ground: ([x, , z]) => ({
    color: wood(x * 0.6, z * 0.5 + 0.4, hex(0x2e1709), hex(0x7d4c26), { boards: 0.8, seed: 6 }),
    gloss: 0.4,
    polish: 30,
  }),
  sky: (d) => bokeh(d[0], d[1], [hex(0x2a1a10), hex(0x604020), hex(0xc79a60)]),
  mirror: (d) => scale([0.95, 1, 1.1], d[1] > 0.2 && d[0] < 0.1 ? 1.5 : 0.3),
  sun: { from: unit([-0.7, 0.9, -0.1]), color: [2, 1.85, 1.6], hard: 5 },
  ambient: { above: [0.55, 0.6, 0.68], below: [0.3, 0.2, 0.12] },
};

/** A small cup of coffee from above. */
export const espresso: Scene = {
  id: 'espresso',
  title: 'Espresso',
  expected: ['espresso'],
  develop: {},
  shader: () => view(world, { eye: [0.4, 4.4, 2.9], target: [0.06, 0.5, 0.06], wide: 0.66 }),
};
