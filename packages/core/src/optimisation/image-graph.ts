import { inferShapes, type Graph } from '@convlens/onnx';
import { colourMatrix, naturalMagnitude, spectrumScale, type NaturalSpectrum } from './fourier.js';
import { GraphWriter } from './graph-writer.js';
import { inputValue, type Canvas } from './parametrisation.js';
import type { Penalty } from './regularisers.js';

/** Names of the values of an image graph. */
export const IMAGE = {
  /** float32 `[n, length]`. */
  parameters: 'convlens_image_parameters',
  /** float32 `[n, C, H * W]`, as the network is fed it. */
  image: 'convlens_image',
  /** float32 `[n]`: the penalties of each picture. */
  penalty: 'convlens_image_penalty',
} as const;

/** How pictures are parametrised, and what is held against them. */
export interface ImageOptions {
  readonly parametrisation: 'pixels' | 'fourier' | 'phase';
  readonly decay?: number;
  readonly spectrum?: NaturalSpectrum;
  readonly penalties?: readonly Penalty[];
}

/**
 * A parametrisation as a graph, so that a runtime can keep its numbers: what `pixelParametrisation`,
 * `fourierParametrisation` and `phaseParametrisation` compute, and the penalties of `penalise`. Transforms are products
 * with the matrices of sines and cosines: for pictures of some hundred pixels that is little beside a network.
 *
 * @param canvas size and preprocessing
 * @param count pictures
 * @param opset version of the operator set
 * @param options what is computed
 */
export function imageGraph(
  canvas: Canvas,
  count: number,
  opset: number,
  options: ImageOptions,
): Graph {
  const to = new GraphWriter('convlens_image');
  const { channels, height, width, unit } = canvas;
  const half = height * (Math.floor(width / 2) + 1);
  const length = { pixels: height * width, fourier: 2 * half, phase: half }[
    options.parametrisation
  ];
  to.input([count, channels * length], IMAGE.parameters);
  if (options.parametrisation === 'pixels') {
    const flat = to.reshape(IMAGE.parameters, [count, channels, height * width]);
    to.emit('Mul', [flat, to.number(unit)], {}, IMAGE.image);
  } else {
    const planes = writePlanes(to, canvas, count, options);
    writeColours(to, canvas, planes);
  }
  const penalties = (options.penalties ?? []).map((penalty) =>
    writePenalty(to, canvas, count, penalty),
  );
  const total = penalties.reduce<string | undefined>(
    (sum, penalty) => (sum === undefined ? penalty : to.emit('Add', [sum, penalty])),
    undefined,
  );
  to.emit('Identity', [total ?? to.constant(new Float32Array(count), [count])], {}, IMAGE.penalty);
  return inferShapes({
    name: 'pictures',
    opset,
    otherOpsets: {},
    inputs: to.inputs,
    outputs: [IMAGE.image, IMAGE.penalty].map((name) => ({ name, dtype: 'float32', shape: [] })),
    nodes: to.nodes,
    initializers: to.initializers,
    values: new Map(),
    metadata: new Map(),
    producer: 'convlens',
  });
}

/** `[n, C, H * W]`: the inverse transform of the spectra, first down the columns, then along the rows. */
function writePlanes(
  to: GraphWriter,
  canvas: Canvas,
  count: number,
  { parametrisation, decay, spectrum: law }: ImageOptions,
): string {
  const { channels, height, width } = canvas;
  const columns = Math.floor(width / 2) + 1;
  const spectra = [count * channels, 2 * height, columns];
  let spectrum: string;
  if (parametrisation === 'fourier') {
    const numbers = to.reshape(IMAGE.parameters, [count * channels, 2, height, columns]);
    const scale = to.constant(spectrumScale(canvas, decay), [height, columns]);
    spectrum = to.reshape(to.emit('Mul', [numbers, scale]), spectra);
  } else {
    const phases = to.reshape(IMAGE.parameters, [count, channels, 1, height, columns]);
    const parts = to.emit('Concat', [to.emit('Cos', [phases]), to.emit('Sin', [phases])], {
      axis: 2,
    });
    const size = to.constant(naturalMagnitude(canvas, law), [channels, 1, height, columns]);
    spectrum = to.reshape(to.emit('Mul', [parts, size]), spectra);
  }
  const down = new Float32Array(4 * height * height);
  for (let y = 0; y < height; y++) {
    for (let v = 0; v < height; v++) {
      // Only the remainder matters, and a small angle is a precise one.
      const angle = (2 * Math.PI * ((v * y) % height)) / height;
      const at = y * 2 * height + v;
      const below = at + 2 * height * height;
      down[at] = down[below + height] = Math.cos(angle);
      down[at + height] = -Math.sin(angle);
      down[below] = Math.sin(angle);
    }
  }
  const along = new Float32Array(2 * columns * width);
  for (let u = 0; u < columns; u++) {
    // The other columns stand for their mirror images too.
    const twice = u === 0 || 2 * u === width ? 1 : 2;
    for (let x = 0; x < width; x++) {
      const angle = (2 * Math.PI * ((u * x) % width)) / width;
      along[u * width + x] = twice * Math.cos(angle);
      along[(columns + u) * width + x] = twice === 1 ? 0 : -twice * Math.sin(angle);
    }
  }
  const rows = to.emit('MatMul', [to.constant(down, [2 * height, 2 * height]), spectrum]);
  const parts = to.reshape(rows, [count * channels, 2, height, columns]);
  const both = to.emit('MatMul', [parts, to.constant(along, [2, columns, width])]);
  return to.reshape(to.sum(both, [1]), [count, channels, height * width]);
}

/** From planes of independent colours to the network's input, through a sigmoid. */
function writeColours(to: GraphWriter, canvas: Canvas, planes: string): void {
  const { channels, preprocessing } = canvas;
  const perChannel = (value: (channel: number) => number): string =>
    to.constant(
      Array.from({ length: channels }, (_, c) => value(c)),
      [channels, 1],
    );
  const matrix = to.constant(colourMatrix(canvas).flat(), [channels, channels]);
  const share = to.emit('Sigmoid', [to.emit('MatMul', [matrix, planes])]);
  const factor = perChannel((c) => preprocessing.range / (preprocessing.std[c] ?? 1));
  const offset = perChannel((c) => inputValue(preprocessing, c, 0));
  to.emit('Add', [to.emit('Mul', [share, factor]), offset], {}, IMAGE.image);
}

/** `[n]`; see `penalise`. */
function writePenalty(to: GraphWriter, canvas: Canvas, count: number, penalty: Penalty): string {
  const { channels, height, width, unit } = canvas;
  const scaled = to.emit('Mul', [IMAGE.image, to.number(1 / unit)]);
  const weigh = (sum: string): string => to.emit('Mul', [sum, to.number(penalty.weight)]);
  const squares = (value: string, axes: readonly number[]): string =>
    to.sum(to.emit('Mul', [value, value]), axes);
  switch (penalty.kind) {
    case 'l2':
      return weigh(squares(scaled, [1, 2]));
    case 'alpha': {
      const power = to.emit('Pow', [to.emit('Abs', [scaled]), to.number(penalty.alpha ?? 6)]);
      return weigh(to.sum(power, [1, 2]));
    }
    case 'tv': {
      const picture = to.reshape(scaled, [count, channels, height, width]);
      const steps = [height, width].map((extent, i) => {
        const [before, behind] = [
          to.slice(picture, i + 2, 0, extent - 1),
          to.slice(picture, i + 2, 1, extent),
        ];
        return squares(to.emit('Sub', [behind, before]), [1, 2, 3]);
      });
      return weigh(to.emit('Add', steps));
    }
  }
}
