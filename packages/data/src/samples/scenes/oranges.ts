import { bokeh } from '../backdrop.js';
import { citrusFace, pores, type Flesh } from '../citrus.js';
import { hex, mix, scale, unit, type Vec3 } from '../color.js';
import { fbm3 } from '../noise.js';
import type { Scene } from '../scene.js';
import { ball, carve } from '../sdf.js';
import { bent, view, type World } from '../world.js';

const FLESH: Flesh = {
  pulp: hex(0xf08010),
  deep: hex(0xc85000),
  pith: hex(0xf3bd7a),
  peel: hex(0xf08a10),
};

const WHOLE: Vec3 = [-0.75, 0.97, -0.7];
const HALF: Vec3 = [0.78, 0.82, 0.75];
const LEAN: Vec3 = unit([-0.15, 0.55, 1]);
const SIDE: Vec3 = unit([LEAN[2], 0, -LEAN[0]]);
const UP: Vec3 = [
  LEAN[1] * SIDE[2] - LEAN[2] * SIDE[1],
  LEAN[2] * SIDE[0] - LEAN[0] * SIDE[2],
  LEAN[0] * SIDE[1] - LEAN[1] * SIDE[0],
];

/** The half's own axes: out of the cut, to the side, up. */
function half(x: number, y: number, z: number): readonly [number, number, number] {
  const p: Vec3 = [x - HALF[0], y - HALF[1], z - HALF[2]];
  const along = (axis: Vec3): number => p[0] * axis[0] + p[1] * axis[1] + p[2] * axis[2];
  return [along(LEAN), along(SIDE), along(UP)];
}

const whole = (x: number, y: number, z: number): number =>
  ball(x - WHOLE[0], (y - WHOLE[1]) * 1.05, z - WHOLE[2], 1);

function halved(x: number, y: number, z: number): number {
  const [a, b, c] = half(x, y, z);
  return carve(ball(a, b, c, 0.95), a, 0.03);
}

const BACK = [hex(0x2f4a22), hex(0x6f8f3a), hex(0xe0d49a), hex(0x3d3016)];

const world: World = {
  things: (x, y, z) => Math.min(whole(x, y, z), halved(x, y, z)),
  bound: [0, 0.9, 0, 2.3],
  surface(point, normal) {
    const [x, y, z] = point;
    if (halved(x, y, z) < whole(x, y, z)) {
      const [a, b, c] = half(x, y, z);
      if (a > -0.02) {
        const color = citrusFace(b / 0.95, c / 0.95, FLESH, 11, 3);
        return { color, gloss: 0.5, polish: 60, soft: 0.3 };
      }
    }
    const spots = fbm3(x * 3, y * 3, z * 3, 3, 5);
    return {
      color: mix(hex(0xd85200), hex(0xf07a0c), spots),
      normal: bent(normal, point, pores),
      gloss: 0.4,
      polish: 26,
      soft: 0.3,
    };
  },
  floor: 0,
  ground: ([x, , z]) => ({
    color: scale(mix(hex(0x8fa9b4), hex(0xb9ccd2), fbm3(x * 9, 1, z * 40, 3, 2)), 0.9),
    gloss: 0.05,
    polish: 20,
  }),
  sky: (d) => bokeh(d[0] * 1.1 + 0.8, d[1] * 1.1 + 0.2, BACK, { count: 5, seed: 7 }),
  mirror: (d) => scale([0.9, 1, 1.1], d[1] > 0.35 ? 1.5 : 0.25),
  sun: { from: unit([-0.55, 0.9, 0.6]), color: [1.9, 1.7, 1.4], hard: 7 },
  ambient: { above: [0.62, 0.66, 0.74], below: [0.32, 0.22, 0.12] },
};

/** An orange and a half on a wooden table. */
export const oranges: Scene = {
  id: 'orange',
  title: 'Oranges',
  expected: ['orange'],
  develop: { exposure: 1 },
  shader: () => view(world, { eye: [0, 2.4, 5], target: [0, 0.8, 0], wide: 0.66 }),
};
