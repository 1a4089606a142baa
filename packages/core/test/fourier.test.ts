import { describe, expect, it } from 'vitest';
import { Fft } from '../src/optimisation/fft.js';
import { fourierParametrisation, phaseParametrisation } from '../src/optimisation/fourier.js';
import type { Canvas, Parametrisation } from '../src/optimisation/parametrisation.js';
import { pixelParametrisation } from '../src/optimisation/pixels.js';
import { RealFft2 } from '../src/optimisation/real-fft.js';
import { dot, numbers } from './support/run.js';

const canvas: Canvas = {
  channels: 3,
  height: 10,
  width: 12,
  preprocessing: { channelOrder: 'BGR', range: 255, mean: [104, 117, 123], std: [1, 2, 1] },
  unit: 58,
};

describe('the Fourier transform', () => {
  it.each([1, 2, 3, 4, 7, 12, 30, 49, 64, 97, 224])('of %i samples is the sum', (size) => {
    const re = Float64Array.from(numbers(size, 2));
    const im = Float64Array.from(numbers(size, 3));
    const [outRe, outIm] = [new Float64Array(size), new Float64Array(size)];
    for (const sign of [1, -1] as const) {
      new Fft(size).transform(re.slice(), im.slice(), outRe, outIm, sign);
      for (let k = 0; k < size; k++) {
        let [real, imaginary] = [0, 0];
        for (let n = 0; n < size; n++) {
          const angle = (sign * 2 * Math.PI * k * n) / size;
          real += re[n]! * Math.cos(angle) - im[n]! * Math.sin(angle);
          imaginary += re[n]! * Math.sin(angle) + im[n]! * Math.cos(angle);
        }
        expect(Math.hypot(outRe[k]! - real, outIm[k]! - imaginary)).toBeLessThan(1e-10 * size);
      }
    }
  });

  it.each([
    [8, 8],
    [7, 10],
    [10, 7],
    [1, 5],
    [9, 3],
  ] as const)(
    'of half a spectrum to %i x %i pixels is the real part of the whole',
    (height, width) => {
      const fft = new RealFft2(height, width);
      const spectrum = numbers(fft.length, 5);
      const image = new Float32Array(height * width);
      fft.inverse(spectrum, image);
      const half = height * fft.columns;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          let sum = 0;
          for (let v = 0; v < height; v++) {
            for (let u = 0; u < fft.columns; u++) {
              const angle = 2 * Math.PI * ((v * y) / height + (u * x) / width);
              const at = v * fft.columns + u;
              const weight = u === 0 || 2 * u === width ? 1 : 2;
              sum +=
                weight * (spectrum[at]! * Math.cos(angle) - spectrum[half + at]! * Math.sin(angle));
            }
          }
          expect(image[y * width + x]).toBeCloseTo(sum, 3);
        }
      }
    },
  );

  it.each([
    [8, 8],
    [7, 10],
    [10, 7],
    [224, 224],
  ] as const)('has an exact adjoint at %i x %i', (height, width) => {
    const fft = new RealFft2(height, width);
    const spectrum = numbers(fft.length, 6);
    const image = numbers(height * width, 7);
    const forward = new Float32Array(height * width);
    const backward = new Float32Array(fft.length);
    fft.inverse(spectrum, forward);
    fft.adjoint(image, backward);
    const [left, right] = [dot(forward, image), dot(spectrum, backward)];
    const scale = Math.sqrt(dot(forward, forward) * dot(image, image));
    expect(Math.abs(left - right) / scale).toBeLessThan(1e-6);
  });
});

describe.each<[string, Parametrisation]>([
  ['pixels', pixelParametrisation(canvas)],
  ['fourier', fourierParametrisation(canvas)],
  ['fourier, steeper', fourierParametrisation(canvas, 1.5)],
  ['phase', phaseParametrisation(canvas)],
])('the parametrisation by %s', (name, parametrisation) => {
  const pixels = 3 * 10 * 12;
  const imageOf = (parameters: Float32Array): Float32Array => {
    const image = new Float32Array(pixels);
    parametrisation.image(parameters, image);
    return image;
  };

  it('pulls gradients back as finite differences do', () => {
    const at = parametrisation
      .noise(3, 'test')
      .map((v) => v * (name.startsWith('fourier') ? 30 : 1));
    const cotangent = numbers(pixels, 8);
    const image = imageOf(at);
    // Another image is made between: nothing is remembered.
    imageOf(parametrisation.noise(4, 'other'));
    const slope = new Float32Array(parametrisation.length);
    parametrisation.pullback(cotangent.slice(), at, image, slope);
    for (let trial = 0; trial < 5; trial++) {
      const direction = numbers(parametrisation.length, 20 + trial);
      const h = 2e-3;
      const moved = (sign: number): number =>
        dot(imageOf(at.map((v, i) => v + sign * h * direction[i]!)), cotangent);
      const difference = (moved(1) - moved(-1)) / (2 * h);
      const scale = Math.sqrt(dot(slope, slope) * dot(direction, direction));
      expect(Math.abs(difference - dot(slope, direction)) / scale).toBeLessThan(2e-3);
    }
  });

  it('starts from seeded noise around grey, and stays within black and white where it promises to', () => {
    const image = imageOf(parametrisation.noise(1, 'a'));
    expect(imageOf(parametrisation.noise(1, 'a'))).toEqual(image);
    expect(imageOf(parametrisation.noise(2, 'a'))).not.toEqual(image);
    expect(imageOf(parametrisation.noise(1, 'b'))).not.toEqual(image);
    if (name === 'pixels') return;
    const far = imageOf(parametrisation.noise(1, 'a').map((v) => 1e4 * v));
    for (const [i, value] of far.entries()) {
      const c = Math.floor(i / 120);
      const p = (value * canvas.preprocessing.std[c]! + canvas.preprocessing.mean[c]!) / 255;
      expect(p).toBeGreaterThan(-1e-6);
      expect(p).toBeLessThan(1 + 1e-6);
    }
  });

  it.runIf(name !== 'phase')('gives back an image that it was made from', () => {
    const image = Float32Array.from({ length: pixels }, (_, i) => {
      const c = Math.floor(i / 120);
      const p = 0.5 + 0.4 * Math.sin(i * 0.7 + c);
      return (255 * p - canvas.preprocessing.mean[c]!) / canvas.preprocessing.std[c]!;
    });
    for (const [i, value] of imageOf(parametrisation.from(image)).entries()) {
      expect(Math.abs(value - image[i]!)).toBeLessThan(0.02);
    }
  });
});

it('channels that are no colours have a plane each, there and back', () => {
  const two: Canvas = {
    ...{ channels: 2, height: 6, width: 9, unit: 1 },
    preprocessing: { channelOrder: 'RGB', range: 1, mean: [0.5, 0.4], std: [0.2, 0.3] },
  };
  const fourier = fourierParametrisation(two);
  const at = fourier.noise(3, 'test').map((v) => 30 * v);
  const image = new Float32Array(2 * 54);
  fourier.image(at, image);
  const again = new Float32Array(2 * 54);
  fourier.image(fourier.from(image), again);
  for (const [i, value] of image.entries()) expect(again[i]).toBeCloseTo(value, 4);
  expect(image.subarray(0, 54)).not.toEqual(image.subarray(54));
  // A gradient of the second channel belongs to its own coefficients.
  const slope = new Float32Array(fourier.length);
  fourier.pullback(new Float32Array(2 * 54).fill(1, 54), at, image, slope);
  const half = fourier.length / 2;
  expect(slope.subarray(0, half).every((v) => v === 0)).toBe(true);
  expect(slope.subarray(half).some((v) => v !== 0)).toBe(true);
});

it('phases alone leave the magnitudes of the spectrum as they are', () => {
  const square: Canvas = {
    ...canvas,
    channels: 1,
    preprocessing: { channelOrder: 'GRAY', range: 1, mean: [0], std: [1] },
  };
  const parametrisation = phaseParametrisation(square);
  const fft = new RealFft2(10, 12);
  const magnitudes = [1, 2].map((seed) => {
    const image = new Float32Array(120);
    parametrisation.image(parametrisation.noise(seed, 'x'), image);
    const logits = image.map((p) => Math.log(p / (1 - p)));
    const spectrum = new Float32Array(fft.length);
    fft.adjoint(logits, spectrum);
    // A column that has no mirror image keeps only the part of the phase that a real image can have.
    return [15, 16, 29, 45].map((at) => Math.hypot(spectrum[at]!, spectrum[70 + at]!));
  });
  magnitudes[0]!.forEach((value, i) => {
    expect(Math.abs(value / magnitudes[1]![i]! - 1)).toBeLessThan(1e-3);
  });
});
