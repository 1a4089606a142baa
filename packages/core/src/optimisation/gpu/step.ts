import { optimisers, type Optimiser } from '../optimisers/table.js';
import type { Canvas } from '../parametrisation.js';
import type { ParametrisationWgsl } from '../parametrisations.js';
import type { Penalty } from '../penalties/table.js';
import type { Sampling } from '../sampling.js';
import type { View } from '../view.js';
import { advanceKernels } from './advance.js';
import { Buffers, writeNumbers } from './buffers.js';
import { compile, compileAll, groupsFor, submit, type Bound } from './kernel.js';
import { turns } from './lines.js';
import { colourKernel, penaltyFunction, pixelKernel, pullbackKernel } from './pictures.js';
import { spectrumKernels } from './spectrum.js';
import { PARTS, partsKernel, reportKernel } from './sums.js';
import {
  STEP_NUMBERS,
  VIEW_NUMBERS,
  viewGroups,
  viewKernel,
  viewNumbers,
  type GpuViews,
} from './views.js';

/** What a step computes besides the network. */
export interface StepOptions {
  readonly parametrisation: ParametrisationWgsl;
  readonly pictures: number;
  /** Undefined where the network sees the picture as it is. */
  readonly views: GpuViews | undefined;
  readonly penalties: readonly Penalty[];
  readonly optimiser: Optimiser;
}

/** Numbers that a step reports of a picture: its objective, the same less its penalties, the size of its gradient. */
export const REPORT = 3;

/**
 * Everything of a step but the network, on a GPU: from the numbers to what the network is fed, and from what it answers to
 * the next numbers. Six to twelve kernels, and nothing leaves the device.
 */
export interface GpuStep {
  /** float32 `[n, length]`: parameters, and the moments where the optimiser has them. */
  readonly numbers: { readonly parameters: GPUBuffer; readonly moments: readonly GPUBuffer[] };
  /** What the network is fed, float32 `[n views, C, h, w]`. */
  readonly input: GPUBuffer;
  /** float32 `[steps, n, REPORT]`. */
  readonly reports: GPUBuffer;
  /**
   * Computes `input`.
   *
   * @param rate of the optimiser; Adam's with its correction of the bias
   * @param index of the step among those that are reported
   * @param views of all pictures
   */
  look(rate: number, index: number, views: readonly View[]): void;
  /**
   * Moves the numbers, and reports.
   *
   * @param values float32 `[n views]`
   * @param gradient of the values with respect to `input`
   */
  move(values: GPUBuffer, gradient: GPUBuffer): void;
  /** Frees all buffers. */
  dispose(): void;
}

/**
 * Makes a step ready.
 *
 * @param device where
 * @param canvas of the pictures
 * @param sampling sizes
 * @param options what a step computes
 * @param steps that `reports` has room for
 * @throws LensError `E_RUN` when the device refuses a kernel
 */
export async function prepareStep(
  device: GPUDevice,
  canvas: Canvas,
  sampling: Sampling,
  options: StepOptions,
  steps: number,
): Promise<GpuStep> {
  const { channels, height, width } = canvas;
  const { pictures, views, penalties, optimiser, parametrisation } = options;
  const plane = height * width;
  const batch = pictures * (views?.views ?? 1);
  const seen = channels * sampling.input[0] * sampling.input[1];
  const half = height * (Math.floor(width / 2) + 1);
  const { numbers: kind } = parametrisation;
  const length = channels * { pixels: plane, coefficients: 2 * half, phases: half }[kind];

  const all = new Buffers(device);
  const perPicture = (size: number): GPUBuffer => all.room(pictures * size);
  const [parameters, parameterGradient, image] = [length, length, channels * plane].map(
    perPicture,
  ) as Three;
  const moments = Array.from({ length: optimisers[optimiser.kind].moments }, () =>
    perPicture(length),
  );
  const input = views ? all.room(batch * seen) : image;
  const numbers = all.room(STEP_NUMBERS + VIEW_NUMBERS * batch);
  const [magnitudeParts, penaltyParts, sumParts] = [PARTS, PARTS, PARTS].map(perPicture) as Three;
  const reports = perPicture(steps * REPORT);

  const pixels = [groupsFor(plane), pictures] as const;
  const pullback = pullbackKernel(canvas, sampling, views, penalties, kind === 'pixels');
  const advance = advanceKernels(optimiser, length);
  const sources = {
    pullback,
    move: advance.move,
    magnitudes: partsKernel({
      name: 'size of the gradient',
      buffers: ['gradient'],
      length: (batch / pictures) * seen,
      term: 'abs(gradient[i])',
    }),
    penalties: partsKernel({
      name: 'penalties',
      buffers: ['image'],
      before: penaltyFunction(canvas, penalties),
      length: channels * plane,
      term: `penalty(i, k % ${plane}u)`,
    }),
    report: reportKernel(pictures, batch / pictures),
  };
  const parts = [PARTS, pictures] as const;
  try {
    const [there, kernels, sum] = await Promise.all([
      prepareImage(device, all, canvas, options, { parameters, parameterGradient, image }),
      compileAll(device, sources),
      advance.sum && compile(device, advance.sum),
    ]);
    const view = views && (await compile(device, viewKernel(sampling, views)));
    const look = [
      ...there.image,
      ...(view ? [view.bind([image, numbers, input], viewGroups(sampling, batch))] : []),
    ];
    const fixed = [
      ...there.back,
      ...(sum ? [sum.bind([parameterGradient, sumParts], parts)] : []),
      kernels.move.bind(
        [parameterGradient, numbers, parameters, ...(sum ? [sumParts] : []), ...moments],
        [groupsFor(length), pictures],
      ),
      // Without any the sums stay zero.
      ...(penalties.length > 0 ? [kernels.penalties.bind([image, penaltyParts], parts)] : []),
    ];
    return {
      numbers: { parameters, moments },
      input,
      reports,
      look(rate, index, drawn) {
        const written = [rate, index, 0, 0, ...(views ? drawn.flatMap(viewNumbers) : [])];
        writeNumbers(device, numbers, Float32Array.from(written));
        submit(device, look);
      },
      move(values, gradient) {
        submit(device, [
          kernels.pullback.bind([gradient, numbers, image, there.gradient], pixels),
          ...fixed,
          kernels.magnitudes.bind([gradient, magnitudeParts], parts),
          kernels.report.bind(
            [values, magnitudeParts, penaltyParts, numbers, reports],
            [pictures, 1],
          ),
        ]);
      },
      dispose: () => all.destroy(),
    };
  } catch (error) {
    all.destroy();
    throw error;
  }
}

type Three = [GPUBuffer, GPUBuffer, GPUBuffer];

/** From the numbers to the image, and of a gradient of `gradient` the way back to `parameterGradient`. */
interface ImageKernels {
  readonly image: readonly Bound[];
  readonly back: readonly Bound[];
  /** Where the gradient of the planes is put, or that of the pixels. */
  readonly gradient: GPUBuffer;
}

async function prepareImage(
  device: GPUDevice,
  all: Buffers,
  canvas: Canvas,
  options: StepOptions,
  {
    parameters,
    parameterGradient,
    image,
  }: Readonly<Record<'parameters' | 'parameterGradient' | 'image', GPUBuffer>>,
): Promise<ImageKernels> {
  const { channels, height, width } = canvas;
  const { pictures, parametrisation } = options;
  const plane = height * width;
  if (parametrisation.numbers === 'pixels') {
    const kernel = await compile(device, pixelKernel(canvas));
    const groups = [groupsFor(channels * plane), pictures] as const;
    return {
      image: [kernel.bind([parameters, image], groups)],
      back: [],
      gradient: parameterGradient,
    };
  }
  const columns = Math.floor(width / 2) + 1;
  // Before anything is waited for: when it fails, all that is there by then is freed.
  const [down, along] = [height, width].map((extent) => all.holding(turns(extent))) as [
    GPUBuffer,
    GPUBuffer,
  ];
  const scale = all.holding(parametrisation.scale);
  const count = pictures * channels;
  const pairs = Math.ceil(height / 2);
  const spectrum = all.room(2 * count * height * columns);
  const planes = all.room(count * plane);
  const kernels = await compileAll(device, {
    ...spectrumKernels(canvas, parametrisation.numbers === 'phases'),
    colours: colourKernel(canvas),
  });
  return {
    image: [
      kernels.columns.bind([down, parameters, scale, spectrum], [columns, count]),
      kernels.rows.bind([along, spectrum, planes], [pairs, count]),
      kernels.colours.bind([planes, image], [groupsFor(plane), pictures]),
    ],
    back: [
      kernels.rowsBack.bind([along, planes, spectrum], [pairs, count]),
      kernels.columnsBack.bind(
        [down, spectrum, parameters, scale, parameterGradient],
        [columns, count],
      ),
    ],
    gradient: planes,
  };
}
