import { decode, encode } from 'fast-png';
import { LensError } from '@convlens/onnx';
import type { Pixels } from './pixels.js';

/**
 * Reads a PNG without a browser: every value as stored, no colour management, no premultiplied alpha.
 *
 * @param bytes the whole file
 * @throws LensError `E_IMAGE` when it is not a PNG or is damaged
 */
export function readPng(bytes: Uint8Array): Pixels {
  try {
    const { width, height, channels, depth, data, palette } = decode(bytes);
    const out = new Uint8Array(width * height * 4);
    const shift = depth === 16 ? 8 : 0;
    for (let i = 0; i < width * height; i++) {
      const at = i * channels;
      const grey = channels < 3;
      const colour = palette?.[data[at]!];
      for (let c = 0; c < 3; c++) {
        out[i * 4 + c] = colour ? colour[c]! : data[at + (grey ? 0 : c)]! >> shift;
      }
      const alpha = channels === 2 || channels === 4 ? data[at + channels - 1]! >> shift : 255;
      out[i * 4 + 3] = colour?.[3] ?? alpha;
    }
    return { width, height, data: out };
  } catch (cause) {
    throw new LensError(
      'E_IMAGE',
      'Expected a PNG image, got a file that is not one or is damaged.',
      {
        cause,
      },
    );
  }
}

/**
 * The texts that a PNG carries (its tEXt chunks), by keyword.
 *
 * @param bytes the whole file
 * @throws LensError `E_IMAGE` when it is not a PNG or is damaged
 */
export function readPngText(bytes: Uint8Array): Readonly<Record<string, string>> {
  try {
    return decode(bytes).text;
  } catch (cause) {
    throw new LensError(
      'E_IMAGE',
      'Expected a PNG image, got a file that is not one or is damaged.',
      { cause },
    );
  }
}

/**
 * JSON that a PNG's Latin-1 text can hold: everything outside ASCII as an escape.
 *
 * @param value plain data
 */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u0080-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Writes a PNG: RGB when every pixel is opaque, RGBA otherwise.
 *
 * @param pixels any image
 * @param text Latin-1 texts to carry, by keyword
 */
export function writePng(pixels: Pixels, text: Readonly<Record<string, string>> = {}): Uint8Array {
  const { width, height, data } = pixels;
  let opaque = true;
  for (let i = 3; i < data.length && opaque; i += 4) opaque = data[i] === 255;
  const common = { width, height, depth: 8, text: { ...text } } as const;
  if (!opaque) return encode({ ...common, channels: 4, data: Uint8Array.from(data) });
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    rgb.set(data.subarray(i * 4, i * 4 + 3), i * 3);
  }
  return encode({ ...common, channels: 3, data: rgb });
}
