import { add, addScaled, clamp, cross, dot, mix, scale, tint, unit, type Vec3 } from './color.js';

/** Signed distance to the nearest thing. */
export type Distance = (x: number, y: number, z: number) => number;

/** The colour at a place of the picture: x to the right, y down, both 0..1. */
export type Shader = (x: number, y: number) => Vec3;

/** What a point of a thing is made of. */
interface Surface {
  readonly color: Vec3;
  /** The direction it faces, when a texture bends it. */
  readonly normal?: Vec3;
  /** Strength of the highlight, 0 dull .. 1 lacquer. */
  readonly gloss?: number;
  /** Sharpness of the highlight. */
  readonly polish?: number;
  /** How much light passes through and around, 0..1. */
  readonly soft?: number;
  /** Light of its own. */
  readonly glow?: Vec3;
}

/** Things, light and what is behind them. */
export interface World {
  /** Things that are marched to; the floor is not one of them. */
  readonly things: Distance;
  /** A ball around all things: `[x, y, z, radius]`. */
  readonly bound: readonly [number, number, number, number];
  surface(point: Vec3, normal: Vec3): Surface;
  /** Height of a floor without end, and what it is made of. */
  readonly floor?: number;
  ground?(point: Vec3, away: number): Surface;
  /** What is seen where nothing is hit. */
  sky(direction: Vec3): Vec3;
  readonly sun: {
    readonly from: Vec3;
    readonly color: Vec3;
    /** Larger is harder. */ readonly hard?: number;
  };
  readonly ambient: { readonly above: Vec3; readonly below: Vec3 };
  /** What shiny things mirror; the sky when absent. */
  mirror?(direction: Vec3): Vec3;
  /** Colour of the air and how thick it is. */
  readonly haze?: { readonly color: Vec3; readonly density: number };
  /** Share of a step that is safe where distances are only estimates. */
  readonly care?: number;
  readonly steps?: number;
}

/** Where one looks from, at what, and how wide (height of the picture over distance). */
export interface Camera {
  readonly eye: Vec3;
  readonly target: Vec3;
  readonly wide: number;
  readonly roll?: number;
}

/** The direction of sight through a place of the picture. */
export function lens(camera: Camera): (x: number, y: number) => Vec3 {
  const ahead = unit(addScaled(camera.target, camera.eye, -1));
  const roll = camera.roll ?? 0;
  const up0: Vec3 = Math.abs(ahead[1]) > 0.999 ? [0, 0, -1] : [0, 1, 0];
  const right0 = unit(cross(ahead, up0));
  const up1 = cross(right0, ahead);
  const right = add(scale(right0, Math.cos(roll)), scale(up1, Math.sin(roll)));
  const up = cross(right, ahead);
  return (x, y) =>
    unit(addScaled(addScaled(ahead, right, (x - 0.5) * camera.wide), up, (0.5 - y) * camera.wide));
}

/** The direction a skin faces. */
function facing(things: Distance, [x, y, z]: Vec3, e = 0.0015): Vec3 {
  const a = things(x + e, y - e, z - e);
  const b = things(x - e, y - e, z + e);
  const c = things(x - e, y + e, z - e);
  const d = things(x + e, y + e, z + e);
  return unit([a - b - c + d, c + d - a - b, b + d - a - c]);
}

/** A facing bent by a texture: `height` in units of length over space. */
export function bent(normal: Vec3, [x, y, z]: Vec3, height: Distance, e = 0.004): Vec3 {
  const h = height(x, y, z);
  const slope: Vec3 = [
    (height(x + e, y, z) - h) / e,
    (height(x, y + e, z) - h) / e,
    (height(x, y, z + e) - h) / e,
  ];
  const along = dot(slope, normal);
  return unit([
    normal[0] - slope[0] + along * normal[0],
    normal[1] - slope[1] + along * normal[1],
    normal[2] - slope[2] + along * normal[2],
  ]);
}

/** Entry and exit of a ray into the ball around all things; null when it misses. */
function span(world: World, from: Vec3, along: Vec3): readonly [number, number] | null {
  const [cx, cy, cz, radius] = world.bound;
  const ox = from[0] - cx;
  const oy = from[1] - cy;
  const oz = from[2] - cz;
  const b = ox * along[0] + oy * along[1] + oz * along[2];
  const h = b * b - (ox * ox + oy * oy + oz * oz - radius * radius);
  if (h < 0) return null;
  const root = Math.sqrt(h);
  return root - b < 0 ? null : [Math.max(0, -b - root), root - b];
}

/** How far along a ray something is hit before `limit`; -1 when nothing is. */
function march(world: World, from: Vec3, along: Vec3, limit: number): number {
  const reach = span(world, from, along);
  if (!reach) return -1;
  const care = world.care ?? 0.95;
  const end = Math.min(limit, reach[1]);
  let t = reach[0];
  for (let i = world.steps ?? 90; i > 0 && t < end; i--) {
    const d = world.things(from[0] + along[0] * t, from[1] + along[1] * t, from[2] + along[2] * t);
    if (d < 0.0006 * (1 + t * 0.3)) return t;
    t += d * care;
  }
  return -1;
}

/** Share of the sun that reaches a point, with soft edges. */
function shade(world: World, from: Vec3, along: Vec3): number {
  const reach = span(world, from, along);
  if (!reach) return 1;
  const hard = world.sun.hard ?? 8;
  let light = 1;
  let t = Math.max(0.012, reach[0]);
  for (let i = 0; i < 40 && t < reach[1]; i++) {
    const d = world.things(from[0] + along[0] * t, from[1] + along[1] * t, from[2] + along[2] * t);
    light = Math.min(light, (hard * d) / t);
    if (light < 0.005) return 0;
    t += clamp(d, 0.015, 0.35);
  }
  return light * light * (3 - 2 * light);
}

/** Share of the sky that reaches a point: corners and contacts are darker. */
function openness(world: World, [x, y, z]: Vec3, [nx, ny, nz]: Vec3, reach = 0.5): number {
  let hidden = 0;
  let weight = 1;
  for (let i = 1; i <= 5; i++) {
    const h = (reach * i) / 5;
    let d = world.things(x + nx * h, y + ny * h, z + nz * h);
    if (world.floor !== undefined) d = Math.min(d, y + ny * h - world.floor);
    hidden += weight * Math.max(0, h - d);
    weight *= 0.65;
  }
  return clamp(1 - (hidden / reach) * 1.15);
}

/** Light that a lit point sends to the eye. */
function lit(world: World, point: Vec3, normal: Vec3, along: Vec3, made: Surface): Vec3 {
  const n = made.normal ?? normal;
  const { from, color } = world.sun;
  const start = addScaled(point, normal, 0.006);
  const facingSun = dot(n, from);
  const soft = made.soft ?? 0;
  const wrap = clamp((facingSun + soft) / (1 + soft));
  const sun = wrap > 0 ? wrap * shade(world, start, from) : 0;
  const open = openness(world, point, normal);
  const around = mix(world.ambient.below, world.ambient.above, 0.5 + 0.5 * n[1]);
  let out = tint(made.color, addScaled(scale(around, open), color, sun));
  const gloss = made.gloss ?? 0;
  if (gloss > 0) {
    const polish = made.polish ?? 40;
    const half = unit(addScaled(from, along, -1));
    const shine = Math.max(0, dot(n, half)) ** polish * (polish + 8) * 0.04;
    const rise = (1 - clamp(-dot(n, along))) ** 5;
    const back = addScaled(along, n, -2 * dot(along, n));
    const seen = (world.mirror ?? world.sky)(back);
    out = addScaled(out, color, shine * gloss * sun);
    out = addScaled(out, seen, gloss * (0.05 + 0.8 * rise) * open);
  }
  return made.glow ? add(out, made.glow) : out;
}

/** The picture of a world through a camera. */
export function view(world: World, camera: Camera): Shader {
  const sight = lens(camera);
  const { eye } = camera;
  return (x, y) => {
    const along = sight(x, y);
    let limit = 200;
    let onFloor = false;
    if (world.floor !== undefined && along[1] < -1e-4) {
      limit = (world.floor - eye[1]) / along[1];
      onFloor = limit < 200;
    }
    let t = march(world, eye, along, limit);
    let out: Vec3;
    if (t >= 0) {
      const point = addScaled(eye, along, t);
      const normal = facing(world.things, point);
      out = lit(world, point, normal, along, world.surface(point, normal));
    } else if (onFloor && world.ground) {
      t = limit;
      const point = addScaled(eye, along, t);
      out = lit(world, point, [0, 1, 0], along, world.ground(point, t));
    } else {
      return world.sky(along);
    }
    if (!world.haze) return out;
    return mix(world.haze.color, out, Math.exp(-t * world.haze.density));
  };
}
