import type { Pixels } from '../pixels.js';
import { clamp } from './color.js';
import { hash } from './noise.js';
import type { Shader } from './world.js';

/** How the light that arrives becomes a picture. */
export interface Develop {
  readonly exposure?: number;
  /** Darkening towards the corners, 0..1. */
  readonly vignette?: number;
  /** Film grain in parts of the full range. */
  readonly grain?: number;
  /** 1 leaves colours as they are. */
  readonly saturation?: number;
  /** 1 leaves contrast as it is. */
  readonly contrast?: number;
  /** Samples across each pixel: 2 is 2 x 2. */
  readonly samples?: number;
}

/** A film curve: linear in the shadows, a gentle shoulder in the lights. */
const film = (x: number): number => clamp((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14));

const toScreen = (x: number): number =>
  x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055;

/**
 * Renders a shader to 8-bit pixels, several samples a pixel.
 *
 * @param shader light at each place of the picture
 * @param size width and height in pixels
 * @param develop exposure, contrast, grain
 */
export function render(shader: Shader, size: number, develop: Develop = {}): Pixels {
  const {
    exposure = 1,
    vignette = 0.2,
    grain = 0.012,
    saturation = 1,
    contrast = 1,
    samples = 2,
  } = develop;
  const data = new Uint8ClampedArray(size * size * 4);
  const step = 1 / samples;
  for (let j = 0; j < size; j++) {
    for (let i = 0; i < size; i++) {
      let r = 0;
      let g = 0;
      let b = 0;
      for (let s = 0; s < samples * samples; s++) {
        const x = (i + ((s % samples) + 0.5) * step) / size;
        const y = (j + (Math.floor(s / samples) + 0.5) * step) / size;
        const c = shader(x, y);
        // Bright sparks are held down before averaging, or edges of lights would stay jagged.
        r += Math.min(c[0], 4);
        g += Math.min(c[1], 4);
        b += Math.min(c[2], 4);
      }
      const dx = (i + 0.5) / size - 0.5;
      const dy = (j + 0.5) / size - 0.5;
      const gain =
        ((exposure * (1 - vignette * 2 * (dx * dx + dy * dy))) / (samples * samples)) * 0.8;
      r = toScreen(film(Math.max(0, r * gain)));
      g = toScreen(film(Math.max(0, g * gain)));
      b = toScreen(film(Math.max(0, b * gain)));
      const grey = 0.3 * r + 0.59 * g + 0.11 * b;
      const speck = (hash(i, j, 5) + hash(i, j, 6) - 1) * grain;
      const at = (j * size + i) * 4;
      const finish = (v: number): number =>
        255 * (0.5 + (grey + (v - grey) * saturation - 0.5) * contrast + speck);
      data[at] = finish(r);
      data[at + 1] = finish(g);
      data[at + 2] = finish(b);
      data[at + 3] = 255;
    }
  }
  return { width: size, height: size, data };
}
