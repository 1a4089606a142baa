import type { Canvas } from '../parametrisation.js';
import { type KernelSource } from './kernel.js';
import { lineTransform } from './lines.js';

/** Kernels from coefficients to planes of independent colours, and of a gradient the way back. */
export interface SpectrumKernels {
  /** turns, parameters `[n, length]`, scale, spectrum `[n C, H, columns]` of complex numbers; a line a column. */
  readonly columns: KernelSource;
  /** turns, spectrum, planes `[n C, H, W]`; a line two rows. */
  readonly rows: KernelSource;
  /** turns, gradient of the planes, spectrum; a line two rows. */
  readonly rowsBack: KernelSource;
  /** turns, spectrum, parameters, scale, parameterGradient `[n, length]`; a line a column. */
  readonly columnsBack: KernelSource;
}

/**
 * exp(i angle), right to 2e-7: WGSL's own sine may be 5e-4 off, and more outside of one turn. The angle is brought
 * into an eighth of a turn on either side of a quarter (pi / 2 in three parts: Cody and Waite 1980), where Taylor's series
 * are short. A compiler that reorders sums takes the exactness of many turns away.
 */
const UNIT = `
fn unitAt(angle: f32) -> vec2f {
  let quarter = round(angle * 0.63661977);
  let r = ((angle - quarter * 1.5703125) - quarter * 4.8375129699707031e-4) - quarter * 7.5497899548918822e-8;
  let s = r * r;
  let sine = r * (1 + s * (-1.6666667e-1 + s * (8.3333333e-3 + s * (-1.9841270e-4 + s * 2.7557319e-6))));
  let cosine = 1 + s * (-0.5 + s * (4.1666667e-2 + s * (-1.3888889e-3 + s * 2.4801587e-5)));
  switch (i32(quarter) & 3) {
    case 0: { return vec2f(cosine, sine); }
    case 1: { return vec2f(-sine, cosine); }
    case 2: { return vec2f(-cosine, -sine); }
    default: { return vec2f(sine, -cosine); }
  }
}`;

/**
 * The inverse transform of `RealFft2` for half spectra, first down the columns, then along the rows, and its adjoint.
 *
 * @param canvas size
 * @param isPhase whether the numbers are phases of a fixed spectrum instead of coefficients
 */
export function spectrumKernels(
  { channels, height, width }: Canvas,
  isPhase: boolean,
): SpectrumKernels {
  const columns = Math.floor(width / 2) + 1;
  const sizes = `
const C = ${channels}u;
const H = ${height}u;
const W = ${width}u;
const COLUMNS = ${columns}u;
/** The other columns stand for their mirror images too. */
fn twice(u: u32) -> f32 { return select(f32(2), f32(1), u == 0u || 2u * u == W); }
fn place(line: vec2u, v: u32) -> u32 { return (line.y * H + v) * COLUMNS + line.x; }${isPhase ? UNIT : ''}`;
  // A line is (column, plane).
  const real = '(2u * line.y * H + v) * COLUMNS + line.x';
  const phase = `
  let size = scale[((line.y % C) * H + v) * COLUMNS + line.x];
  let turned = unitAt(parameters[place(line, v)]);`;
  const coefficient = `
  let size = scale[v * COLUMNS + line.x];
  let re = ${real};
  let im = re + H * COLUMNS;`;
  // Two rows are one line of complex numbers: a row is real, and its spectrum its own mirror image. The second may be none.
  const pair = `
fn at(line: vec2u, second: u32, x: u32) -> u32 { return (line.y * H + 2u * line.x + second) * W + x; }
fn has(line: vec2u, second: u32) -> bool { return 2u * line.x + second < H; }`;
  return {
    columns: lineTransform({
      name: 'spectrum, down the columns',
      buffers: [
        ['parameters', 'f32', 'read'],
        ['scale', 'f32', 'read'],
        ['spectrum', 'vec2f', 'write'],
      ],
      length: height,
      sign: 1,
      load: `${sizes}
fn load(line: vec2u, v: u32) -> vec2f {${
        isPhase
          ? `${phase}
  return size * turned;`
          : `${coefficient}
  return size * vec2f(parameters[re], parameters[im]);`
      }
}`,
      store: `fn store(line: vec2u, v: u32) { spectrum[place(line, v)] = result(v); }`,
    }),
    rows: lineTransform({
      name: 'spectrum, along the rows',
      buffers: [
        ['spectrum', 'vec2f', 'read'],
        ['planes', 'f32', 'write'],
      ],
      length: width,
      sign: 1,
      load: `${sizes}${pair}
/** Number u of a row's whole spectrum. Of those without a mirror image only the real part shows. */
fn whole(line: vec2u, second: u32, u: u32) -> vec2f {
  if (!has(line, second)) { return vec2f(); }
  let base = (line.y * H + 2u * line.x + second) * COLUMNS;
  if (u >= COLUMNS) { return spectrum[base + W - u] * vec2f(1, -1); }
  return spectrum[base + u] * vec2f(1, twice(u) - 1);
}
fn load(line: vec2u, u: u32) -> vec2f {
  let second = whole(line, 1u, u);
  return whole(line, 0u, u) + vec2f(-second.y, second.x);
}`,
      store: `fn store(line: vec2u, x: u32) {
  planes[at(line, 0u, x)] = result(x).x;
  if (has(line, 1u)) { planes[at(line, 1u, x)] = result(x).y; }
}`,
    }),
    rowsBack: lineTransform({
      name: 'gradient, along the rows',
      buffers: [
        ['planes', 'f32', 'read'],
        ['spectrum', 'vec2f', 'write'],
      ],
      length: width,
      wanted: columns,
      sign: -1,
      load: `${sizes}${pair}
fn load(line: vec2u, x: u32) -> vec2f {
  var second = 0.0;
  if (has(line, 1u)) { second = planes[at(line, 1u, x)]; }
  return vec2f(planes[at(line, 0u, x)], second);
}`,
      store: `fn store(line: vec2u, u: u32) {
  let mirror = result((W - u) % W) * vec2f(1, -1);
  let half = twice(u) / 2;
  let base = (line.y * H + 2u * line.x) * COLUMNS + u;
  let difference = result(u) - mirror;
  spectrum[base] = half * (result(u) + mirror);
  if (has(line, 1u)) { spectrum[base + COLUMNS] = half * vec2f(difference.y, -difference.x); }
}`,
    }),
    columnsBack: lineTransform({
      name: 'gradient, down the columns',
      buffers: [
        ['spectrum', 'vec2f', 'read'],
        ['parameters', 'f32', 'read'],
        ['scale', 'f32', 'read'],
        ['parameterGradient', 'f32', 'write'],
      ],
      length: height,
      sign: -1,
      load: `${sizes}
fn load(line: vec2u, v: u32) -> vec2f { return spectrum[place(line, v)]; }`,
      store: `fn store(line: vec2u, v: u32) {
  let value = result(v);${
    isPhase
      ? `${phase}
  parameterGradient[place(line, v)] = size * (value.y * turned.x - value.x * turned.y);`
      : `${coefficient}
  parameterGradient[re] = size * value.x;
  parameterGradient[im] = size * value.y;`
  }
}`,
    }),
  };
}
