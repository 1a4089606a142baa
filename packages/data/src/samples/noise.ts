/** A number in [0, 1) that depends on three whole numbers and nothing else. */
export function hash(x: number, y = 0, z = 0): number {
  let h =
    Math.imul(x | 0, 0x27d4eb2d) ^ Math.imul(y | 0, 0x165667b1) ^ Math.imul(z | 0, 0x5bd1e995);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
}

const ease = (t: number): number => t * t * t * (t * (t * 6 - 15) + 10);

/** Smooth noise over the plane, 0..1, one bump per unit. */
export function noise2(x: number, y: number, seed = 0): number {
  const i = Math.floor(x);
  const j = Math.floor(y);
  const u = ease(x - i);
  const v = ease(y - j);
  const a = hash(i, j, seed);
  const b = hash(i + 1, j, seed);
  const c = hash(i, j + 1, seed);
  const d = hash(i + 1, j + 1, seed);
  return a + (b - a) * u + (c - a) * v + (a - b - c + d) * u * v;
}

/** Smooth noise in space, 0..1, one bump per unit. */
export function noise3(x: number, y: number, z: number, seed = 0): number {
  const k = Math.floor(z);
  const w = ease(z - k);
  const near = noise2(x, y, seed + k * 7919);
  return near + (noise2(x, y, seed + (k + 1) * 7919) - near) * w;
}

/** Noise of several sizes on top of each other over the plane, about 0..1, mean 0.5. */
export function fbm2(x: number, y: number, octaves = 5, seed = 0): number {
  let sum = 0;
  let weight = 0.5;
  let total = 0;
  for (let o = 0; o < octaves; o++) {
    sum += weight * noise2(x, y, seed + o * 131);
    total += weight;
    weight *= 0.5;
    const turned = 1.6 * x - 1.2 * y;
    y = 1.2 * x + 1.6 * y;
    x = turned;
  }
  return sum / total;
}

/** Noise of several sizes on top of each other in space, about 0..1, mean 0.5. */
export function fbm3(x: number, y: number, z: number, octaves = 4, seed = 0): number {
  let sum = 0;
  let weight = 0.5;
  let total = 0;
  for (let o = 0; o < octaves; o++) {
    sum += weight * noise3(x, y, z, seed + o * 131);
    total += weight;
    weight *= 0.5;
    const turned = 1.6 * x - 1.2 * y;
    y = 1.2 * x + 1.6 * y + 3.7;
    x = turned;
    z = z * 2 + 1.3;
  }
  return sum / total;
}

/** Sharp ridges (mountains, folds) over the plane, 0..1. */
export function ridged2(x: number, y: number, octaves = 5, seed = 0): number {
  let sum = 0;
  let weight = 0.5;
  let carry = 1;
  for (let o = 0; o < octaves; o++) {
    const fold = 1 - Math.abs(2 * noise2(x, y, seed + o * 131) - 1);
    const ridge = fold * fold * carry;
    sum += weight * ridge;
    carry = Math.min(1, ridge * 2);
    weight *= 0.5;
    const turned = 1.6 * x - 1.2 * y;
    y = 1.2 * x + 1.6 * y;
    x = turned;
  }
  return sum;
}

/** One point of a scattering: how far away it and the next one are, and a number of its own. */
export interface Cell {
  readonly near: number;
  readonly next: number;
  /** 0..1, the same all over the cell. */
  readonly id: number;
  /** From the nearest point to the place asked for. */
  readonly dx: number;
  readonly dy: number;
}

/** The nearest of points scattered over the plane, one in each unit square. */
export function cells2(x: number, y: number, seed = 0, jitter = 1): Cell {
  const i = Math.floor(x);
  const j = Math.floor(y);
  let near = 9;
  let next = 9;
  let id = 0;
  let nearX = 0;
  let nearY = 0;
  for (let b = j - 1; b <= j + 1; b++) {
    for (let a = i - 1; a <= i + 1; a++) {
      const dx = x - a - 0.5 - (hash(a, b, seed) - 0.5) * jitter;
      const dy = y - b - 0.5 - (hash(a, b, seed + 17) - 0.5) * jitter;
      const d = dx * dx + dy * dy;
      if (d < near) {
        next = near;
        near = d;
        id = hash(a, b, seed + 31);
        nearX = dx;
        nearY = dy;
      } else if (d < next) next = d;
    }
  }
  return { near: Math.sqrt(near), next: Math.sqrt(next), id, dx: nearX, dy: nearY };
}
