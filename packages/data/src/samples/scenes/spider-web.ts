import { bokeh } from '../backdrop.js';
import { add, hex, mix, scale, smooth, type Vec3 } from '../color.js';
import { hash, noise2 } from '../noise.js';
import type { Scene } from '../scene.js';

const SPOKES = 22;
const HUB = [0.47, 0.46] as const;
const BACK = [hex(0x0e1c0a), hex(0x22421a), hex(0x3f6a2a), hex(0x0a120a), hex(0x567a3a)];

/** Angle of a spoke: not quite even, as a spider spins it. */
const spoke = (index: number): number => {
  const i = ((index % SPOKES) + SPOKES) % SPOKES;
  return ((index + 0.45 * (hash(i, 9) - 0.5)) / SPOKES) * 2 * Math.PI;
};

/** Brightness of silk and dew at a place, in units of the picture. */
function silk(x: number, y: number): { line: number; dew: number } {
  const px = x - HUB[0];
  const py = y - HUB[1];
  const r = Math.hypot(px, py);
  const turn = Math.atan2(py, px);
  const guess = Math.round((turn / (2 * Math.PI)) * SPOKES);
  let line = 0;
  for (let i = guess - 1; i <= guess + 1; i++) {
    const d = Math.abs(Math.sin(turn - spoke(i))) * r;
    if (Math.cos(turn - spoke(i)) > 0) line = Math.max(line, smooth(0.0034, 0.0012, d));
  }
  let low = guess - 1;
  while (spoke(low + 1) <= turn) low++;
  const [a, b] = [spoke(low), spoke(low + 1)];
  const t = (turn - a) / (b - a);
  // Threads hang between the spokes, so that they are chords that sag to the hub.
  const sag = 1 - 0.09 * 4 * t * (1 - t);
  const ring = r / (0.026 * sag) + hash(((low % SPOKES) + SPOKES) % SPOKES, 4) * 0.5;
  const index = Math.round(ring);
  const near = Math.abs(ring - index) * 0.026;
  const limit = 0.4 + 0.09 * noise2(turn * 1.5 + 9, 3, 2);
  if (r > 0.035 && r < limit) line = Math.max(line, 0.85 * smooth(0.003, 0.001, near));
  const bead = (((t * (b - a) * r) / 0.0085) % 1) - 0.5;
  const drop = r < limit ? smooth(0.0042, 0.0022, Math.hypot(near, bead * 0.0085)) : 0;
  return { line, dew: drop };
}

/** A spider's web with dew in front of a dark wood. */
export const spiderWeb: Scene = {
  id: 'spider-web',
  title: 'Spider web',
  expected: ['spider web'],
  develop: { exposure: 1.2, samples: 3, vignette: 0.35 },
  shader: () => (x, y) => {
    const back: Vec3 = bokeh(x * 1.1, y * 1.1, BACK, { count: 4, seed: 12, size: 0.6 });
    const { line, dew } = silk(x, y);
    const color = mix(scale(back, 0.8), hex(0xc9d3cf), line * 0.85);
    return add(color, scale([1, 1.05, 1.05], dew * 0.9));
  },
};
