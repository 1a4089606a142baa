import { cloudSky, turf } from '../backdrop.js';
import { add, clamp, hex, mix, scale, smooth, type Vec3 } from '../color.js';
import { cells2, fbm2, hash, noise2 } from '../noise.js';
import type { Scene } from '../scene.js';

/** Leaves and flowers behind the fence. */
function hedge(x: number, y: number): Vec3 {
  const leaf = cells2(x * 26, y * 26, 3, 0.9);
  const depth = fbm2(x * 5, y * 5, 4, 6);
  let color = mix(hex(0x16300f), hex(0x5f9a35), clamp(depth * 1.2 + 0.35 * leaf.id - 0.2));
  color = scale(color, 0.55 + 0.6 * smooth(0.5, 0.1, leaf.near));
  const bloom = cells2(x * 11, y * 11, 8, 0.9);
  if (bloom.id > 0.72) color = mix(color, hex(0xd2487c), smooth(0.3, 0.2, bloom.near));
  return color;
}

/** The fence: colour and how much of what is behind it covers. */
function fence(x: number, y: number): { color: Vec3; cover: number } {
  const pitch = 0.128;
  const index = Math.floor(x / pitch);
  const across = x / pitch - index - 0.5;
  const top = 0.24 + 0.006 * (hash(index, 5) - 0.5) + Math.abs(across) * 0.15;
  const picket = smooth(0.335, 0.32, Math.abs(across)) * smooth(top - 0.002, top + 0.003, y);
  const below = smooth(0.9, 0.895, y);
  const rail = (at: number): number => smooth(0.028, 0.025, Math.abs(y - at));
  const rails = Math.max(rail(0.4), rail(0.72));
  const grain = 0.93 + 0.07 * noise2(x * 160, y * 9 + index * 7, 4);
  const side = 0.75 + 0.25 * smooth(-0.33, -0.24, across);
  const white: Vec3 = [0.95 * grain, 0.95 * grain, 0.92 * grain];
  const front = scale(white, side * (1 - 0.12 * clamp(y - 0.4)));
  const back = scale(white, 0.62);
  return { color: mix(back, front, picket), cover: Math.max(picket * below, rails) };
}

/** A white picket fence in front of a flowering hedge. */
export const picketFence: Scene = {
  id: 'picket-fence',
  title: 'Picket fence',
  expected: ['picket fence'],
  develop: { exposure: 1.15, grain: 0.01 },
  shader: () => (x, y) => {
    let color: Vec3 =
      y < 0.2 + 0.05 * fbm2(x * 6, 1, 4, 2)
        ? cloudSky([x - 0.5, 0.5 - y, 1], hex(0x3f82d0), hex(0xcfe4f5), { amount: 0.4, seed: 5 })
        : hedge(x, y);
    if (y > 0.84 + 0.02 * noise2(x * 30, 2, 4)) {
      color = turf(x * 4, 1 / (y - 0.5), hex(0x1f4210), hex(0x7db043), 5);
    }
    const { color: paint, cover } = fence(x, y);
    const shadow = fence(x - 0.014, y - 0.012).cover * 0.35;
    color = scale(color, 1 - shadow * (1 - cover));
    return add(mix(color, paint, cover), [0, 0, 0]);
  },
};
