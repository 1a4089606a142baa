import { bitDepth } from './bit-depth.js';
import { blur } from './blur.js';
import type { Defence } from './defence.js';
import { jpeg } from './jpeg.js';
import { median } from './median.js';
import { randomResize } from './random-resize.js';
import { totalVariation } from './total-variation.js';

/** All defences. */
export const defences: readonly Defence[] = [
  jpeg,
  bitDepth,
  blur,
  median,
  totalVariation,
  randomResize,
];
