import { naturalMagnitude, spectrumScale } from '../fourier.js';
import type { Canvas } from '../parametrisation.js';
import { type KernelSource } from './kernel.js';
import { lineTransform } from './lines.js';
import type { Parametrised } from './step.js';

/**
 * What the coefficients are multiplied by: `[height, columns]`, or `[channels, height, columns]` for phases.
 *
 * @param canvas size
 * @param parametrised how
 */
export function coefficientScale(canvas: Canvas, parametrised: Parametrised): Float32Array {
  return parametrised.parametrisation === 'phase'
    ? naturalMagnitude(canvas, parametrised.spectrum)
    : spectrumScale(canvas, parametrised.decay);
}

/** Kernels from coefficients to planes of independent colours, and of a gradient the way back. */
export interface SpectrumKernels {
  /** turns, parameters `[n, length]`, scale, spectrum `[n C, H, columns]` of complex numbers; a line a column. */
  readonly columns: KernelSource;
  /** turns, spectrum, planes `[n C, H, W]`; a line a row. */
  readonly rows: KernelSource;
  /** turns, gradient of the planes, spectrum; a line a row. */
  readonly rowsBack: KernelSource;
  /** turns, spectrum, parameters, scale, slope `[n, length]`; a line a column. */
  readonly columnsBack: KernelSource;
}

/**
 * exp(i angle), right to 2e-7 for some thousand turns: WGSL's own sine may be 5e-4 off, and more outside of one turn. The
 * angle is brought into an eighth of a turn on either side of a quarter (pi / 2 in three parts: Cody and Waite 1980),
 * where Taylor's series are short.
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
fn twice(u: u32) -> f32 { return select(2.0, 1.0, u == 0u || 2u * u == W); }
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
  const spectrumPlace = '(line.y * H + line.x) * COLUMNS + u';
  const planePlace = '(line.y * H + line.x) * W + x';
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
      store: `fn store(line: vec2u, v: u32, value: vec2f) { spectrum[place(line, v)] = value; }`,
    }),
    rows: lineTransform({
      name: 'spectrum, along the rows',
      buffers: [
        ['spectrum', 'vec2f', 'read'],
        ['planes', 'f32', 'write'],
      ],
      length: width,
      given: columns,
      sign: 1,
      load: `${sizes}
fn load(line: vec2u, u: u32) -> vec2f { return twice(u) * spectrum[${spectrumPlace}]; }`,
      store: `fn store(line: vec2u, x: u32, value: vec2f) { planes[${planePlace}] = value.x; }`,
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
      load: `${sizes}
fn load(line: vec2u, x: u32) -> vec2f { return vec2f(planes[${planePlace}], 0); }`,
      store: `fn store(line: vec2u, u: u32, value: vec2f) { spectrum[${spectrumPlace}] = twice(u) * value; }`,
    }),
    columnsBack: lineTransform({
      name: 'gradient, down the columns',
      buffers: [
        ['spectrum', 'vec2f', 'read'],
        ['parameters', 'f32', 'read'],
        ['scale', 'f32', 'read'],
        ['slope', 'f32', 'write'],
      ],
      length: height,
      sign: -1,
      load: `${sizes}
fn load(line: vec2u, v: u32) -> vec2f { return spectrum[place(line, v)]; }`,
      store: `fn store(line: vec2u, v: u32, value: vec2f) {${
        isPhase
          ? `${phase}
  slope[place(line, v)] = size * (value.y * turned.x - value.x * turned.y);`
          : `${coefficient}
  slope[re] = size * value.x;
  slope[im] = size * value.y;`
      }
}`,
    }),
  };
}
