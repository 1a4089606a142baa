import { clamp, hex, mix, scale, smooth, unit, add, type Vec3 } from '../color.js';
import { cloudSky } from '../backdrop.js';
import { fbm2, noise2, ridged2 } from '../noise.js';
import type { Scene } from '../scene.js';
import { lens, type Shader } from '../world.js';

/** Height of the land; the range stands behind z = 6. */
function land(x: number, z: number, octaves: number): number {
  const range = smooth(3.5, 10, z) * (1 - 0.5 * smooth(12, 18, z));
  const peak = Math.exp(-((x - 0.6) ** 2 / 9 + (z - 10.5) ** 2 / 7));
  const second = Math.exp(-((x + 4.4) ** 2 / 5 + (z - 11.5) ** 2 / 8));
  const crags = ridged2(x * 0.33 + 5.2, z * 0.33 + 1.4, octaves, 12);
  const meadow = 0.25 * fbm2(x * 0.5, z * 0.5, Math.min(4, octaves), 5);
  return range * (0.5 + crags * 1.7 + peak * 2.3 + second * 1.2) + meadow;
}

const SUN = unit([-0.75, 0.62, -0.35]);
const EYE: Vec3 = [0, 1.15, -1];

function trace(eye: Vec3, along: Vec3, far: number, octaves: number): number {
  let t = 0.05;
  let last = 0;
  let lastGap = 1;
  for (let i = 0; i < 130 && t < far; i++) {
    const y = eye[1] + along[1] * t;
    if (y > 6.5 && along[1] > 0) return -1;
    const gap = y - land(eye[0] + along[0] * t, eye[2] + along[2] * t, octaves);
    if (gap < 0.001 * t) return last + ((t - last) * lastGap) / (lastGap - gap + 1e-6);
    last = t;
    lastGap = gap;
    t += Math.max(gap * 0.42, 0.006 * t);
  }
  return -1;
}

function ground(x: number, y: number, z: number, n: Vec3): Vec3 {
  const rock = mix(hex(0x4d4a48), hex(0x8b837a), fbm2(x * 3 + y * 5, z * 3 - y * 7, 4, 9));
  const meadow = mix(hex(0x2f4a1c), hex(0x7c9440), clamp(fbm2(x * 2.5, z * 2.5, 5, 3) * 1.5 - 0.3));
  const trees = smooth(0.5, 0.62, fbm2(x * 1.4, z * 1.4, 5, 21)) * smooth(0.5, 1.6, z);
  const green = mix(meadow, mix(hex(0x0d1f12), hex(0x1f3a1e), noise2(x * 22, z * 22)), trees);
  const line = y + 0.5 * (fbm2(x * 2, z * 2, 4, 7) - 0.5);
  const base = mix(
    green,
    rock,
    Math.max(smooth(1.0, 1.5, line), smooth(0.75, 0.5, n[1]) * smooth(0.6, 0.9, y)),
  );
  const snow = smooth(1.35, 2.1, line) * smooth(0.36, 0.62, n[1] + 0.16 * (y - 2));
  return mix(base, [0.93, 0.95, 1], snow);
}

function shader(): Shader {
  const sight = lens({ eye: EYE, target: [0.35, 2.2, 8], wide: 0.86 });
  const low = hex(0xb9d4ee);
  return (px, py) => {
    const along = sight(px, py);
    const t = trace(EYE, along, 24, 6);
    if (t < 0) {
      return cloudSky([along[0], along[1] * 0.9, along[2]], hex(0x1d56b0), low, {
        amount: 0.42,
        seed: 8,
      });
    }
    const x = EYE[0] + along[0] * t;
    const z = EYE[2] + along[2] * t;
    const e = 0.002 + 0.0025 * t;
    const y = land(x, z, 8);
    const n = unit([y - land(x + e, z, 8), e, y - land(x, z + e, 8)]);
    const start: Vec3 = [x, y + 0.03, z];
    const shadow = trace(start, SUN, 7, 4) > 0 ? 0.08 : 1;
    const sun = clamp(n[0] * SUN[0] + n[1] * SUN[1] + n[2] * SUN[2]) * shadow;
    const light = add(scale([2.6, 2.35, 2.0], sun), scale([0.34, 0.46, 0.7], 0.6 + 0.4 * n[1]));
    const c = ground(x, y, z, n);
    const out: Vec3 = [c[0] * light[0], c[1] * light[1], c[2] * light[2]];
    return mix(hex(0xa9c4e4), out, Math.exp(-t * 0.018));
  };
}

/** A snowy mountain over a meadow. */
export const alp: Scene = {
  id: 'alp',
  title: 'Mountain',
  expected: ['alp'],
  develop: { exposure: 0.95 },
  shader,
};
