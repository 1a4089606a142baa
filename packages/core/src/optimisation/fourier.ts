import { fillNormal, randomWords } from '@convlens/adapters/builders';
import { RealFft2 } from './real-fft.js';
import { inputValue, type Canvas, type Parametrisation } from './parametrisation.js';

/**
 * Square root of the covariance of colours in photographs, divided by its longest column: independent numbers times
 * this matrix are correlated as colours are (Olah et al. 2017; the numbers are Lucid's).
 */
const COLOURS = [
  [0.5628, 0.1948, 0.0433],
  [0.5845, 0, -0.1082],
  [0.5845, -0.1948, 0.0649],
] as const;

/** Deviation of the numbers at the start (Lucid). */
const DEVIATION = 0.01;
/** Lucid divides the image by this, so that the usual steps fit. */
const DAMPING = 4;
/** Values of a picture that the inverse of the sigmoid can still express. */
const MARGIN = 0.01;

/** Frequency in cycles a pixel of a place in a half spectrum. */
function frequency(v: number, u: number, height: number, width: number): number {
  const vertical = (v <= height / 2 ? v : v - height) / height;
  return Math.hypot(vertical, u / width);
}

/** Colour (0 red) of a channel of the input. */
function colourOf({ preprocessing }: Canvas, channel: number): number {
  return preprocessing.channelOrder === 'BGR' ? 2 - channel : channel;
}

/**
 * The matrix from planes of independent colours to channels of the input, before the sigmoid.
 *
 * @param canvas channels and their order
 * @returns one row a channel
 */
export function colourMatrix(canvas: Canvas): readonly (readonly number[])[] {
  const { channels } = canvas;
  return Array.from({ length: channels }, (_, c) =>
    channels === 3
      ? COLOURS[colourOf(canvas, c)]!
      : Array.from({ length: channels }, (_, k) => (k === c ? 1 : 0)),
  );
}

/** What both Fourier parametrisations share: from planes to an image in the range of pictures, and back. */
class Colours {
  readonly #canvas: Canvas;
  readonly #plane: number;

  constructor(canvas: Canvas) {
    this.#canvas = canvas;
    this.#plane = canvas.height * canvas.width;
  }

  /** Planes of independent colours to the network's input, through a sigmoid. */
  image(planes: Float32Array, image: Float32Array): void {
    const plane = this.#plane;
    const { channels, preprocessing } = this.#canvas;
    for (let c = 0; c < channels; c++) {
      const [k0, k1, k2] =
        channels === 3 ? COLOURS[colourOf(this.#canvas, c)]! : ([1, 0, 0] as const);
      const factor = preprocessing.range / (preprocessing.std[c] ?? 1);
      const offset = inputValue(preprocessing, c, 0);
      // Channels that are no colours have a plane of their own.
      const first = channels === 3 ? 0 : c * plane;
      for (let i = 0; i < plane; i++) {
        let sum = k0 * planes[first + i]!;
        if (channels === 3) sum += k1 * planes[plane + i]! + k2 * planes[2 * plane + i]!;
        image[c * plane + i] = factor / (1 + Math.exp(-sum)) + offset;
      }
    }
  }

  /** The transpose at an image, in place: a gradient of the input becomes one of the planes. */
  pullback(gradient: Float32Array, image: Float32Array): void {
    const plane = this.#plane;
    const { channels, preprocessing } = this.#canvas;
    for (let c = 0; c < channels; c++) {
      const factor = preprocessing.range / (preprocessing.std[c] ?? 1);
      const offset = inputValue(preprocessing, c, 0);
      for (let i = c * plane; i < (c + 1) * plane; i++) {
        // The derivative of the sigmoid is p (1 - p).
        const p = (image[i]! - offset) / factor;
        gradient[i] = gradient[i]! * factor * Math.max(0, p * (1 - p));
      }
    }
    if (channels !== 3) return;
    const [r, g, b] = [0, 1, 2].map((c) => COLOURS[colourOf(this.#canvas, c)]!) as [
      (typeof COLOURS)[number],
      (typeof COLOURS)[number],
      (typeof COLOURS)[number],
    ];
    for (let i = 0; i < plane; i++) {
      const [x, y, z] = [gradient[i]!, gradient[plane + i]!, gradient[2 * plane + i]!];
      gradient[i] = x * r[0] + y * g[0] + z * b[0];
      gradient[plane + i] = x * r[1] + y * g[1] + z * b[1];
      gradient[2 * plane + i] = x * r[2] + y * g[2] + z * b[2];
    }
  }

  /** Planes whose image is a given one, its values kept a little inside the range. */
  planes(image: Float32Array): Float32Array {
    const plane = this.#plane;
    const { channels, preprocessing } = this.#canvas;
    const logits = new Float32Array(image.length);
    for (let c = 0; c < channels; c++) {
      const factor = preprocessing.range / (preprocessing.std[c] ?? 1);
      const offset = inputValue(preprocessing, c, 0);
      const to = channels === 3 ? colourOf(this.#canvas, c) : c;
      for (let i = 0; i < plane; i++) {
        const p = (image[c * plane + i]! - offset) / factor;
        const inside = Math.min(1 - MARGIN, Math.max(MARGIN, p));
        logits[to * plane + i] = Math.log(inside / (1 - inside));
      }
    }
    if (channels !== 3) return logits;
    const inverse = invert(COLOURS);
    const out = new Float32Array(image.length);
    for (let i = 0; i < plane; i++) {
      for (let k = 0; k < 3; k++) {
        const row = inverse[k]!;
        out[k * plane + i] =
          row[0]! * logits[i]! + row[1]! * logits[plane + i]! + row[2]! * logits[2 * plane + i]!;
      }
    }
    return out;
  }
}

function invert(m: readonly (readonly number[])[]): number[][] {
  const minor = (row: number, column: number): number => {
    const [r1, r2] = [0, 1, 2].filter((i) => i !== row) as [number, number];
    const [c1, c2] = [0, 1, 2].filter((i) => i !== column) as [number, number];
    const value = m[r1]![c1]! * m[r2]![c2]! - m[r1]![c2]! * m[r2]![c1]!;
    return (row + column) % 2 === 0 ? value : -value;
  };
  const determinant = [0, 1, 2].reduce((sum, c) => sum + m[0]![c]! * minor(0, c), 0);
  return [0, 1, 2].map((r) => [0, 1, 2].map((c) => minor(c, r) / determinant));
}

/**
 * What the coefficients of `fourierParametrisation` are multiplied by before the transform of `RealFft2`.
 *
 * @param canvas size
 * @param decay how fast the scale falls with the frequency
 * @returns `[height, floor(width / 2) + 1]`
 */
export function spectrumScale({ height, width }: Canvas, decay = 1): Float32Array {
  const columns = Math.floor(width / 2) + 1;
  const scale = new Float32Array(height * columns);
  const least = 1 / Math.max(height, width);
  // irfft2 divides by height * width, which RealFft2 leaves out.
  const common = 1 / (DAMPING * Math.sqrt(height * width));
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < columns; u++) {
      scale[v * columns + u] = common / Math.max(frequency(v, u, height, width), least) ** decay;
    }
  }
  return scale;
}

/**
 * Fourier coefficients with independent colours (Olah, Mordvintsev and Schubert, Feature Visualization, Distill 2017,
 * "preconditioning"; definitions and constants as in Lucid): image = sigmoid(colours irfft2(s theta) / 4), with
 * s = sqrt(h w) / max(f, 1 / max(h, w))^decay at frequency f. Low frequencies move more easily than high ones, so that
 * pictures are smooth instead of noise.
 *
 * @param canvas size and preprocessing
 * @param decay how fast the scale falls with the frequency; 1, as photographs do, by default
 */
export function fourierParametrisation(canvas: Canvas, decay = 1): Parametrisation {
  const { channels, height, width } = canvas;
  const fft = new RealFft2(height, width);
  const colours = new Colours(canvas);
  const half = height * fft.columns;
  const scale = spectrumScale(canvas, decay);
  const length = channels * fft.length;
  const spectrum = new Float32Array(fft.length);
  const planes = new Float32Array(channels * height * width);
  return {
    length,
    image(parameters, image) {
      for (let c = 0; c < channels; c++) {
        const offset = c * fft.length;
        for (let i = 0; i < half; i++) {
          spectrum[i] = parameters[offset + i]! * scale[i]!;
          spectrum[half + i] = parameters[offset + half + i]! * scale[i]!;
        }
        fft.inverse(spectrum, planes, 0, c * height * width);
      }
      colours.image(planes, image);
    },
    pullback(gradient, _parameters, image, out) {
      colours.pullback(gradient, image);
      for (let c = 0; c < channels; c++) {
        const offset = c * fft.length;
        fft.adjoint(gradient, out, c * height * width, offset);
        for (let i = 0; i < half; i++) {
          out[offset + i] = out[offset + i]! * scale[i]!;
          out[offset + half + i] = out[offset + half + i]! * scale[i]!;
        }
      }
    },
    from(image) {
      const source = colours.planes(image);
      const out = new Float32Array(length);
      for (let c = 0; c < channels; c++) {
        const offset = c * fft.length;
        fft.adjoint(source, out, c * height * width, offset);
        for (let i = 0; i < fft.length; i++) {
          const u = i % fft.columns;
          // The adjoint counts the columns that stand for two twice.
          const twice = u === 0 || 2 * u === width ? 1 : 2;
          out[offset + i] = out[offset + i]! / (twice * height * width * scale[i % half]!);
        }
      }
      return out;
    },
    noise(seed, key) {
      const out = new Float32Array(length);
      fillNormal(out, seed, key, 0, DEVIATION);
      return out;
    },
  };
}

/** How the amplitude of an independent colour falls with the frequency f (cycles a pixel): level / (f + bend)^power. */
export interface NaturalSpectrum {
  /** One a colour: brightness, then the two of tint. */
  readonly level: readonly number[];
  readonly bend: number;
  readonly power: number;
}

/**
 * Measured on the centres of four photographs (scikit-image's astronaut, cat, coffee and rocket) at 224 pixels,
 * Hann-windowed, as the slope and height of log amplitude over log frequency; Convlens' own sample pictures give
 * the same slope to 0.1.
 */
const naturalSpectrum: NaturalSpectrum = {
  level: [0.11, 0.12, 0.11],
  bend: 0.005,
  power: 1.4,
};

/**
 * The magnitudes of `phaseParametrisation`, for the transform of `RealFft2`.
 *
 * @param canvas size
 * @param law how they fall with the frequency
 * @returns `[channels, height, floor(width / 2) + 1]`
 */
export function naturalMagnitude(
  { channels, height, width }: Canvas,
  law: NaturalSpectrum = naturalSpectrum,
): Float32Array {
  const columns = Math.floor(width / 2) + 1;
  const half = height * columns;
  const magnitude = new Float32Array(channels * half);
  // Amplitudes of irfft2's own scale: a plane's deviation stays the same at any size.
  for (let c = 0; c < channels; c++) {
    for (let i = 1; i < half; i++) {
      const f = frequency(Math.floor(i / columns), i % columns, height, width);
      const level = law.level[c] ?? law.level[0] ?? 0;
      magnitude[c * half + i] = level / ((f + law.bend) ** law.power * Math.sqrt(height * width));
    }
  }
  return magnitude;
}

/**
 * Only the phases of a fixed natural spectrum are optimised (MACO: Fel et al., Unlocking Feature Visualization for
 * Deeper Networks with MAgnitude Constrained Optimization, 2023): image = sigmoid(colours irfft2(r exp(i theta))).
 * The magnitudes r follow a law measured from photographs instead of a stored table, so any size works; the constant
 * term, brightness and tint, is zero, as phase means nothing there.
 *
 * @param canvas size and preprocessing
 * @param law the magnitudes; those measured from photographs by default
 */
export function phaseParametrisation(
  canvas: Canvas,
  law: NaturalSpectrum = naturalSpectrum,
): Parametrisation {
  const { channels, height, width } = canvas;
  const fft = new RealFft2(height, width);
  const colours = new Colours(canvas);
  const half = height * fft.columns;
  const length = channels * half;
  const spectrum = new Float32Array(fft.length);
  const planes = new Float32Array(channels * height * width);
  const magnitude = naturalMagnitude(canvas, law);
  return {
    length,
    image(parameters, image) {
      for (let c = 0; c < channels; c++) {
        for (let i = 0; i < half; i++) {
          const size = magnitude[c * half + i]!;
          spectrum[i] = size * Math.cos(parameters[c * half + i]!);
          spectrum[half + i] = size * Math.sin(parameters[c * half + i]!);
        }
        fft.inverse(spectrum, planes, 0, c * height * width);
      }
      colours.image(planes, image);
    },
    pullback(gradient, parameters, image, out) {
      colours.pullback(gradient, image);
      for (let c = 0; c < channels; c++) {
        fft.adjoint(gradient, spectrum, c * height * width);
        for (let i = 0; i < half; i++) {
          const phase = parameters[c * half + i]!;
          out[c * half + i] =
            magnitude[c * half + i]! *
            (spectrum[half + i]! * Math.cos(phase) - spectrum[i]! * Math.sin(phase));
        }
      }
    },
    from(image) {
      const source = colours.planes(image);
      const out = new Float32Array(length);
      for (let c = 0; c < channels; c++) {
        fft.adjoint(source, spectrum, c * height * width);
        for (let i = 0; i < half; i++) {
          out[c * half + i] = Math.atan2(spectrum[half + i]!, spectrum[i]!);
        }
      }
      return out;
    },
    noise(seed, key) {
      const next = randomWords(seed, key);
      return Float32Array.from({ length }, () => (next() / 2 ** 31) * Math.PI);
    },
  };
}
