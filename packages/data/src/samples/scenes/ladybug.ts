import { bokeh } from '../backdrop.js';
import { clamp, hex, mix, scale, smooth, unit, type Vec3 } from '../color.js';
import { fbm2, noise2 } from '../noise.js';
import type { Scene } from '../scene.js';
import { blend, ellipsoid, stick } from '../sdf.js';
import { view, type Distance, type World } from '../world.js';

const shell: Distance = (x, y, z) => {
  const groove = 0.025 * smooth(0.05, 0, Math.abs(z)) * smooth(-0.75, -0.6, -x);
  return Math.max(ellipsoid(x - 0.12, y - 0.16, z, 1.02, 0.78, 0.86) + groove, 0.12 - y);
};
const neck: Distance = (x, y, z) => ellipsoid(x + 0.86, y - 0.3, z, 0.34, 0.36, 0.56);
const head: Distance = (x, y, z) => ellipsoid(x + 1.16, y - 0.24, z, 0.22, 0.22, 0.32);
const belly: Distance = (x, y, z) => ellipsoid(x - 0.1, y - 0.14, z, 0.92, 0.2, 0.74);

const legs: Distance = (x, y, z) => {
  const w = Math.abs(z);
  let d = 9;
  for (const [root, knee, foot] of [
    [-0.65, -0.85, -1.1],
    [-0.1, -0.12, -0.16],
    [0.42, 0.66, 0.92],
  ] as const) {
    d = Math.min(d, stick(x, y, w, [root, 0.18, 0.6], [knee, 0.3, 0.98], 0.055, 0.045));
    d = Math.min(d, stick(x, y, w, [knee, 0.3, 0.98], [foot, 0.0, 1.16], 0.045, 0.03));
  }
  d = Math.min(d, stick(x, y, w, [-1.28, 0.3, 0.16], [-1.6, 0.42, 0.34], 0.03, 0.025));
  return Math.min(d, stick(x, y, w, [-1.6, 0.42, 0.34], [-1.72, 0.34, 0.44], 0.03, 0.045));
};

const SPOTS: readonly (readonly [number, number, number])[] = [
  [-0.5, 0.0, 0.17],
  [-0.2, 0.45, 0.2],
  [0.36, 0.3, 0.2],
  [0.62, 0.62, 0.14],
  [0.15, 0.76, 0.12],
  [0.84, 0.22, 0.13],
];

const body: Distance = (x, y, z) => Math.min(shell(x, y, z), neck(x, y, z));
const dark: Distance = (x, y, z) =>
  Math.min(blend(head(x, y, z), belly(x, y, z), 0.03), legs(x, y, z));

const things: Distance = (x, y, z) => Math.min(body(x, y, z), dark(x, y, z));

function leaf(x: number, z: number): Vec3 {
  const along = x * 0.8 + z * 0.6;
  const across = z * 0.8 - x * 0.6 + 0.9;
  const vein = smooth(0.1, 0.03, Math.abs(across));
  const branch = Math.abs(((along * 0.85 + Math.abs(across) * 0.75) % 1) - 0.5);
  const twig = smooth(0.06, 0.015, Math.abs(branch - 0.25)) * 0.6;
  const mottle = fbm2(x * 3, z * 3, 5, 3) * 0.7 + noise2(x * 26, z * 26, 4) * 0.3;
  const green = mix(hex(0x1f4a10), hex(0x5f9430), clamp(mottle * 1.5 - 0.3));
  return mix(green, hex(0x8fb554), Math.max(vein, twig) * 0.75);
}

const BACK = [hex(0x1d4413), hex(0x4f8426), hex(0x9cc25a), hex(0x274d1a), hex(0xd9dc8c)];

const world: World = {
  things,
  bound: [-0.25, 0.4, 0, 1.75],
  surface([x, y, z]) {
    const b = body(x, y, z);
    if (dark(x, y, z) < b) return { color: [0.012, 0.011, 0.012], gloss: 0.5, polish: 50 };
    if (neck(x, y, z) <= b + 1e-4 && x < -0.62) {
      const patch = smooth(0.2, 0.15, Math.hypot(x + 0.98, (Math.abs(z) - 0.4) * 1.2));
      return {
        color: mix([0.012, 0.011, 0.012], [0.9, 0.87, 0.78], patch),
        gloss: 0.8,
        polish: 90,
      };
    }
    let spot = smooth(0.035, 0.015, Math.abs(z));
    for (const [sx, sz, r] of SPOTS) {
      spot = Math.max(
        spot,
        smooth(r * 1.2 + 0.02, r * 1.2 - 0.02, Math.hypot(x - sx, Math.abs(z) - sz)),
      );
    }
    const red = mix(hex(0xb80d08), hex(0xe8300f), fbm2(x * 2, z * 2, 3));
    return { color: mix(red, [0.012, 0.01, 0.01], spot), gloss: 1, polish: 140, soft: 0.15 };
  },
  floor: 0,
  ground: ([x, , z]) => ({ color: leaf(x, z), gloss: 0.35, polish: 14, soft: 0.2 }),
  sky: (d) => bokeh(d[0] + 0.5, d[1] + 0.5, BACK),
  mirror: (d) => scale([0.9, 1, 1.15], d[1] > 0.45 ? 1.5 : 0.15),
  sun: { from: unit([-0.35, 1, 0.5]), color: [2.4, 2.25, 1.9], hard: 8 },
  ambient: { above: [0.55, 0.65, 0.75], below: [0.2, 0.3, 0.1] },
};

/** A ladybird on a leaf. */
export const ladybug: Scene = {
  id: 'ladybug',
  title: 'Ladybird',
  expected: ['ladybug'],
  develop: {},
  shader: () =>
    view(world, { eye: [-1.5, 4.2, 4.4], target: [-0.15, 0.3, 0.05], wide: 0.52, roll: 0.25 }),
};
