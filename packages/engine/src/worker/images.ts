import type { Pixels } from '@convlens/data';
import { LensError } from '@convlens/onnx';

/** Longest side and area that are decoded; a canvas cannot hold more on common devices. */
const SIDE_LIMIT = 16_384;
const AREA_LIMIT = 128e6;

/**
 * Refuses images that browsers cannot handle in one piece.
 *
 * @throws LensError `E_IMAGE`
 */
export function checkImageSize(width: number, height: number): void {
  if (width <= SIDE_LIMIT && height <= SIDE_LIMIT && width * height <= AREA_LIMIT) return;
  const number = (value: number): string => value.toLocaleString('en');
  throw new LensError(
    'E_IMAGE',
    `The image is ${number(width)} x ${number(height)} pixels; at most ${number(SIDE_LIMIT)} a side and ` +
      `${AREA_LIMIT / 1e6} megapixels can be opened. Make it smaller and try again.`,
  );
}

/**
 * The pixels of a bitmap, 8-bit sRGB with straight alpha. The bitmap is closed.
 */
export function readBitmap(bitmap: ImageBitmap): Pixels {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

/**
 * Size of a PNG, JPEG, GIF, BMP or WebP as its header says, without decoding it; undefined for other formats.
 *
 * @param head the first bytes of the file (64 kB are enough for nearly all)
 */
export function sizeFromHeader(head: Uint8Array): readonly [number, number] | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const tag = (at: number, length: number): string =>
    String.fromCharCode(...head.subarray(at, at + length));
  if (head.length < 30) return undefined;
  if (tag(1, 3) === 'PNG') return [view.getUint32(16), view.getUint32(20)];
  if (tag(0, 3) === 'GIF') return [view.getUint16(6, true), view.getUint16(8, true)];
  if (tag(0, 2) === 'BM') return [view.getInt32(18, true), Math.abs(view.getInt32(22, true))];
  if (tag(0, 4) === 'RIFF' && tag(12, 4) === 'VP8X') {
    const low24 = (at: number): number => view.getUint32(at, true) & 0xffffff;
    return [low24(24) + 1, low24(27) + 1];
  }
  if (view.getUint16(0) !== 0xffd8) return undefined;
  // JPEG: walk the segments to the frame header (SOF0..SOF15 without DHT, JPG, DAC).
  for (let at = 2; at + 9 < head.length;) {
    const marker = view.getUint16(at);
    if (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)) {
      return [view.getUint16(at + 7), view.getUint16(at + 5)];
    }
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/**
 * Decodes an image file with the browser's decoders.
 *
 * @throws LensError `E_IMAGE` when it is not an image, is damaged, or is too large
 */
export async function decodeImage(blob: Blob): Promise<Pixels> {
  const head = new Uint8Array(await blob.slice(0, 65_536).arrayBuffer());
  const size = sizeFromHeader(head);
  if (size) checkImageSize(...size);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob, { premultiplyAlpha: 'none' });
  } catch (cause) {
    const kind = blob.type === '' ? 'of unknown type' : blob.type;
    throw new LensError(
      'E_IMAGE',
      `Expected an image, got a file that the browser cannot read as one (${kind}). ` +
        'PNG, JPEG, WebP, GIF and AVIF work.',
      { cause },
    );
  }
  checkImageSize(bitmap.width, bitmap.height);
  return readBitmap(bitmap);
}
