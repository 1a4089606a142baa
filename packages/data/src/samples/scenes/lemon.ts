import { bokeh, wood } from '../backdrop.js';
import { citrusFace, pores, type Flesh } from '../citrus.js';
import { hex, mix, scale, unit, type Vec3 } from '../color.js';
import { fbm3 } from '../noise.js';
import type { Scene } from '../scene.js';
import { blend, carve, ellipsoid } from '../sdf.js';
import { bent, view, type World } from '../world.js';

const FLESH: Flesh = {
  pulp: hex(0xf6e27a),
  deep: hex(0xd9b93a),
  pith: hex(0xfbf6d8),
  peel: hex(0xf2cf1c),
};

/** A lemon with its long axis along x, with a nub at each end. */
function lemon(x: number, y: number, z: number): number {
  const body = ellipsoid(x, y, z, 1.12, 0.86, 0.86);
  const nub = ellipsoid(Math.abs(x + 0.04) - 1.12, y, z, 0.26, 0.17, 0.17);
  return blend(body, nub, 0.3);
}

const WHOLE: Vec3 = [-0.62, 0.86, -0.75];
const HALF: Vec3 = [0.72, 0.74, 0.75];
const TURN = 0.5;
const C = Math.cos(TURN);
const S = Math.sin(TURN);
const LEAN: Vec3 = unit([-0.12, 0.5, 1]);
const SIDE: Vec3 = unit([LEAN[2], 0, -LEAN[0]]);
const UP: Vec3 = [
  LEAN[1] * SIDE[2] - LEAN[2] * SIDE[1],
  LEAN[2] * SIDE[0] - LEAN[0] * SIDE[2],
  LEAN[0] * SIDE[1] - LEAN[1] * SIDE[0],
];

function whole(x: number, y: number, z: number): number {
  const px = x - WHOLE[0];
  const pz = z - WHOLE[2];
  return lemon(px * C + pz * S, y - WHOLE[1], pz * C - px * S);
}

/** The half's own axes: out of the cut, to the side, up. */
function half(x: number, y: number, z: number): readonly [number, number, number] {
  const px = x - HALF[0];
  const py = y - HALF[1];
  const pz = z - HALF[2];
  return [
    px * LEAN[0] + py * LEAN[1] + pz * LEAN[2],
    px * SIDE[0] + py * SIDE[1] + pz * SIDE[2],
    px * UP[0] + py * UP[1] + pz * UP[2],
  ];
}

function halved(x: number, y: number, z: number): number {
  const [a, b, c] = half(x, y, z);
  return carve(lemon(a, b, c), a, 0.03);
}

const BACK = [hex(0x3c5a2a), hex(0x8aa04a), hex(0xd6cf8a), hex(0x54401f)];

const world: World = {
  things: (x, y, z) => Math.min(whole(x, y, z), halved(x, y, z)),
  bound: [0, 0.8, 0, 2.2],
  surface(point, normal) {
    const [x, y, z] = point;
    if (halved(x, y, z) < whole(x, y, z)) {
      const [a, b, c] = half(x, y, z);
      if (a > -0.02) {
        const color = citrusFace(b / 0.86, c / 0.86, FLESH, 9);
        return { color, gloss: 0.5, polish: 60, soft: 0.5 };
      }
    }
    const spots = fbm3(x * 3, y * 3, z * 3, 3, 8);
    return {
      color: mix(hex(0xf4c811), hex(0xf6dc3a), spots),
      normal: bent(normal, point, pores),
      gloss: 0.35,
      polish: 24,
      soft: 0.3,
    };
  },
  floor: 0,
  ground: ([x, , z]) => ({
    color: wood(x * 0.8, z * 0.55 + 0.3, hex(0x4a2a14), hex(0x9a6a3c), { boards: 0.9 }),
    gloss: 0.25,
    polish: 20,
  }),
  sky: (d) => bokeh(d[0] * 1.1 + 0.5, d[1] * 1.1 + 0.5, BACK, { count: 5 }),
  mirror: (d) => scale([0.9, 1, 1.1], d[1] > 0.35 ? 1.6 : 0.25),
  sun: { from: unit([-0.55, 0.9, 0.55]), color: [2.3, 2.15, 1.85], hard: 7 },
  ambient: { above: [0.62, 0.68, 0.78], below: [0.3, 0.22, 0.14] },
};

/** A lemon and a half on a wooden table. */
export const lemons: Scene = {
  id: 'lemon',
  title: 'Lemons',
  expected: ['lemon'],
  develop: { exposure: 1.05 },
  shader: () => view(world, { eye: [0, 2.3, 5.4], target: [0, 0.78, 0], wide: 0.62 }),
};
