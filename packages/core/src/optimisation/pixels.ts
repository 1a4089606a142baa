import { fillNormal } from '@convlens/adapters/builders';
import type { Canvas, Parametrisation } from './parametrisation.js';

/** Deviation of the noise that pixels start from, in units of the input. */
const NOISE = 0.2;

/**
 * Pixels: the image is optimised as it is. The numbers are those of the network's input divided by its unit, so that
 * the same rate suits every network.
 *
 * @param canvas size and unit
 */
export function pixelParametrisation(canvas: Canvas): Parametrisation {
  const { unit } = canvas;
  const length = canvas.channels * canvas.height * canvas.width;
  const scaled = (from: Float32Array, to: Float32Array, factor: number): Float32Array => {
    for (let i = 0; i < length; i++) to[i] = from[i]! * factor;
    return to;
  };
  return {
    length,
    image: (parameters, image) => void scaled(parameters, image, unit),
    pullback: (gradient, _parameters, _image, out) => void scaled(gradient, out, unit),
    from: (image) => scaled(image, new Float32Array(length), 1 / unit),
    noise(seed, key) {
      const out = new Float32Array(length);
      fillNormal(out, seed, key, 0, NOISE);
      return out;
    },
  };
}
