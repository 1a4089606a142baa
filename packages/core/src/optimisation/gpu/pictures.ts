import { colourMatrix } from '../fourier.js';
import { inputValue, type Canvas } from '../parametrisation.js';
import { onGpu } from '../off-gpu.js';
import { penaltyWgsl, type Penalty } from '../penalties/table.js';
import type { Sampling } from '../sampling.js';
import { float, type KernelSource } from './kernel.js';
import { gathering, type GpuViews } from './views.js';

/**
 * From planes of independent colours to the network's input, through a sigmoid. Buffers: planes and image, both
 * `[n, C, H, W]`; threads along x are pixels, groups along y pictures.
 *
 * @param canvas size and preprocessing
 */
export function colourKernel(canvas: Canvas): KernelSource {
  const { channels, height, width } = canvas;
  const plane = height * width;
  const sums = colourMatrix(canvas).map((row, c) => {
    const terms = row.flatMap((part, k) => (part === 0 ? [] : `${float(part)} * colour${k}`));
    return `
  image[base + ${c * plane}u] = ${factor(canvas, c)} / (1 + exp(-(${terms.join(' + ')}))) + ${offset(canvas, c)};`;
  });
  const loads = Array.from(
    { length: channels },
    (_, k) => `
  let colour${k} = planes[base + ${k * plane}u];`,
  );
  return {
    name: 'colours',
    buffers: [
      ['planes', 'f32', 'read'],
      ['image', 'f32', 'write'],
    ],
    body: `
  if (at >= ${plane}u) { return; }
  let base = group.y * ${channels * plane}u + at;${loads.join('')}${sums.join('')}`,
  };
}

/**
 * Pixels times their unit. Buffers: parameters and image, both `[n, C, H, W]`; threads along x are the numbers of a
 * picture, groups along y pictures.
 *
 * @param canvas size and unit
 */
export function pixelKernel({ channels, height, width, unit }: Canvas): KernelSource {
  const length = channels * height * width;
  return {
    name: 'pixels',
    buffers: [
      ['parameters', 'f32', 'read'],
      ['image', 'f32', 'write'],
    ],
    body: `
  if (at >= ${length}u) { return; }
  let i = group.y * ${length}u + at;
  image[i] = ${float(unit)} * parameters[i];`,
  };
}

/**
 * From what the network says of its input to a gradient of the planes, or of the pixels: views, penalties and colours,
 * each as its adjoint. Buffers: gradient `[n views, C, h, w]`, step, image `[n, C, H, W]`, pulled like it; threads along
 * x are pixels, groups along y pictures.
 *
 * @param canvas size and preprocessing
 * @param sampling sizes
 * @param views of each picture
 * @param penalties held against the picture
 * @param arePixels whether the numbers are the pixels themselves
 */
export function pullbackKernel(
  canvas: Canvas,
  sampling: Sampling,
  views: GpuViews | undefined,
  penalties: readonly Penalty[],
  arePixels: boolean,
): KernelSource {
  const { channels, height, width, unit } = canvas;
  const plane = height * width;
  const each = (line: (c: number) => string): string =>
    Array.from({ length: channels }, (_, c) => `\n  ${line(c)}`).join('');
  const matrix = colourMatrix(canvas);
  const back = (k: number): string =>
    matrix
      .flatMap((row, c) => (row[k] === 0 ? [] : `${float(row[k]!)} * through${c}`))
      .join(' + ') || '0.0';
  const out = arePixels
    ? each((c) => `pulled[base + ${c * plane}u] = ${float(unit)} * sums[${c}];`)
    : `${each((c) => `let share${c} = (image[base + ${c * plane}u] - ${offset(canvas, c)}) / ${factor(canvas, c)};`)}${each(
        // The derivative of the sigmoid is p (1 - p).
        (c) =>
          `let through${c} = sums[${c}] * ${factor(canvas, c)} * max(f32(0), share${c} * (1 - share${c}));`,
      )}${each((k) => `pulled[base + ${k * plane}u] = ${back(k)};`)}`;
  return {
    name: 'gradient of the picture',
    buffers: [
      ['gradient', 'f32', 'read'],
      ['step', 'f32', 'read'],
      ['image', 'f32', 'read'],
      ['pulled', 'f32', 'write'],
    ],
    before: gathering(sampling, views),
    body: `
  if (at >= ${plane}u) { return; }
  let base = group.y * ${channels * plane}u + at;
  var sums = gathered(group.y, at);
  let x = at % ${width}u;
  let y = at / ${width}u;
  for (var c = 0u; c < ${channels}u; c++) {
    let i = base + c * ${plane}u;
    let value = image[i] / ${float(unit)};${penalties.map((penalty) => onGpu(penaltyWgsl(penalty)).gradient(canvas)).join('')}
  }${out}`,
  };
}

/**
 * WGSL of `fn penalty(i: u32, at: u32) -> f32`: what the penalties take for number i of a buffer named `image`, which is pixel
 * `at` of its plane.
 *
 * @param canvas size and unit
 * @param penalties held against the picture
 */
export function penaltyFunction(canvas: Canvas, penalties: readonly Penalty[]): string {
  const terms = penalties.map((penalty) => onGpu(penaltyWgsl(penalty)).value(canvas));
  return `
fn power(value: f32, exponent: f32) -> f32 {
  return select(pow(abs(value), exponent), f32(0), value == 0);
}
fn penalty(i: u32, at: u32) -> f32 {
  const unit = ${float(canvas.unit)};
  let last = arrayLength(&image) - 1u;
  let value = image[i] / unit;
  var sum = 0.0;
  ${terms.join('\n  ')}
  return sum;
}`;
}

const factor = ({ preprocessing }: Canvas, c: number): string =>
  float(preprocessing.range / (preprocessing.std[c] ?? 1));

const offset = ({ preprocessing }: Canvas, c: number): string =>
  float(inputValue(preprocessing, c, 0));
