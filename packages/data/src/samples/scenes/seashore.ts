import { cloudSky } from '../backdrop.js';
import { clamp, hex, mix, smooth, type Vec3 } from '../color.js';
import { fbm2, noise2 } from '../noise.js';
import type { Scene } from '../scene.js';
import { lens, type Shader } from '../world.js';

const EYE: Vec3 = [0, 1.5, 0];
/** Where the surf runs up the sand: distance ahead at each place across. */
const edge = (x: number): number =>
  3.1 + x * 0.55 + 0.5 * Math.sin(x * 0.7 + 0.6) + 0.35 * fbm2(x * 1.4, 0, 4, 6);

function sand(x: number, z: number, wet: number): Vec3 {
  const grain = noise2(x * 90, z * 60, 3) * 0.5 + fbm2(x * 5, z * 7, 4, 4) * 0.5;
  const dry = mix(hex(0xb89868), hex(0xeed9ae), grain);
  const soaked = mix(hex(0x7a6248), hex(0xa48c6c), grain);
  return mix(dry, soaked, wet);
}

function water(x: number, z: number, along: Vec3, off: number): Vec3 {
  const swell = fbm2(x * 0.9, z * 2.6, 5, 12);
  const chop = fbm2(x * 5, z * 13, 3, 13);
  const deep = mix(hex(0x2fb3b0), hex(0x0c4f86), smooth(0.4, 14, off));
  const face = mix(deep, hex(0x9fd6e6), clamp((swell - 0.42) * 1.5 + (chop - 0.5) * 0.7));
  const glance = (1 - clamp(-along[1] * 3)) ** 2;
  return mix(face, hex(0x8fc0e6), glance * 0.55);
}

function shader(): Shader {
  const sight = lens({ eye: EYE, target: [0, 1.0, 4], wide: 1.0 });
  return (px, py) => {
    const along = sight(px, py);
    if (along[1] > -0.012) {
      return cloudSky(along, hex(0x2166c4), hex(0xc3def2), { amount: 0.5, seed: 21, zoom: 0.8 });
    }
    const t = -EYE[1] / along[1];
    const x = along[0] * t;
    const z = along[2] * t;
    const off = z - edge(x);
    const lace = fbm2(x * 3.2, z * 5, 5, 15);
    let out: Vec3;
    if (off < 0) {
      out = sand(x, z, smooth(-1.1, -0.25, off + 0.3 * lace));
      const sheen = smooth(-0.5, -0.1, off);
      out = mix(out, hex(0x9fc4dd), sheen * 0.35);
    } else out = water(x, z, along, off);
    // Foam: the edge of the last wave, and lines of breakers further out.
    const rim =
      smooth(0.12, 0, Math.abs(off - 0.06)) +
      smooth(0.9, 0.1, off) * smooth(-0.02, 0.06, off) * smooth(0.42, 0.6, lace);
    let foam = rim;
    for (const [at, width] of [
      [1.7, 0.34],
      [4.4, 0.5],
      [9, 0.8],
    ] as const) {
      const crest = off - at - 0.8 * (fbm2(x * 0.35, at, 3, 16) - 0.5) * at;
      const part = smooth(0.36, 0.52, fbm2(x * 0.3 + at, at, 2, 17));
      const body = smooth(-width * 1.6, 0, crest) * smooth(width * 0.4, 0, crest);
      foam += part * body * smooth(0.25, 0.55, lace + 0.25 * smooth(-0.3, 0, crest));
      if (crest > 0 && crest < width)
        out = mix(out, hex(0x0f5a6e), part * 0.5 * (1 - crest / width));
    }
    out = mix(out, [0.97, 0.98, 1], clamp(foam));
    const lit: Vec3 = [out[0] * 1.25, out[1] * 1.2, out[2] * 1.12];
    return mix(hex(0xbcd6ea), lit, Math.exp(-t * 0.008));
  };
}

/** Waves running up a beach. */
export const seashore: Scene = {
  id: 'seashore',
  title: 'Seashore',
  expected: ['seashore'],
  develop: { exposure: 1 },
  shader,
};
