import { clamp } from './color.js';

/** Distance to a ball's skin. */
export const ball = (x: number, y: number, z: number, radius: number): number =>
  Math.sqrt(x * x + y * y + z * z) - radius;

/** Distance (nearly) to an ellipsoid with half axes `a`, `b`, `c`. */
export function ellipsoid(
  x: number,
  y: number,
  z: number,
  a: number,
  b: number,
  c: number,
): number {
  const k0 = Math.hypot(x / a, y / b, z / c);
  const k1 = Math.hypot(x / (a * a), y / (b * b), z / (c * c));
  return k1 === 0 ? -Math.min(a, b, c) : (k0 * (k0 - 1)) / k1;
}

/** Distance to an upright cylinder of half height `half`, edges rounded by `round`. */
export function cylinder(
  x: number,
  y: number,
  z: number,
  radius: number,
  half: number,
  round = 0,
): number {
  const qr = Math.sqrt(x * x + z * z) - radius + round;
  const qy = Math.abs(y) - half + round;
  const or = Math.max(qr, 0);
  const oy = Math.max(qy, 0);
  return Math.sqrt(or * or + oy * oy) + Math.min(Math.max(qr, qy), 0) - round;
}

/** Distance (nearly) to an upright cone cut off at y = ±half, with radii `low` below and `high` above. */
export function taper(
  x: number,
  y: number,
  z: number,
  low: number,
  high: number,
  half: number,
): number {
  const t = clamp((y + half) / (2 * half));
  const radius = low + (high - low) * t;
  const slope = (low - high) / (2 * half);
  const side = (Math.sqrt(x * x + z * z) - radius) / Math.sqrt(1 + slope * slope);
  return Math.max(side, Math.abs(y) - half);
}

/** Distance to a ring lying flat. */
export const ring = (x: number, y: number, z: number, radius: number, tube: number): number =>
  Math.hypot(Math.sqrt(x * x + z * z) - radius, y) - tube;

/** Distance to a stick with round ends from (ax, ay, az) to (bx, by, bz), its radius going from `ra` to `rb`. */
export function stick(
  x: number,
  y: number,
  z: number,
  a: readonly [number, number, number],
  b: readonly [number, number, number],
  ra: number,
  rb = ra,
): number {
  const bx = b[0] - a[0];
  const by = b[1] - a[1];
  const bz = b[2] - a[2];
  const px = x - a[0];
  const py = y - a[1];
  const pz = z - a[2];
  const t = clamp((px * bx + py * by + pz * bz) / (bx * bx + by * by + bz * bz));
  return ball(px - bx * t, py - by * t, pz - bz * t, ra + (rb - ra) * t);
}

/** The smaller of two distances, blended over `k` where they meet. */
export function blend(a: number, b: number, k: number): number {
  const h = Math.max(k - Math.abs(a - b), 0) / k;
  return Math.min(a, b) - h * h * k * 0.25;
}

/** The larger of two distances, blended over `k`: what is inside both. */
export const carve = (a: number, b: number, k: number): number => -blend(-a, -b, k);
