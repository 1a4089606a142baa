import { LensError } from '@convlens/onnx';

/** Longest side of the picture behind the maps, in pixels: enough for the inspector on a fine screen. */
const SIDE = 640;

/**
 * What the network sees of an image, at a size for people: its largest centred window.
 *
 * @param blob image file
 * @param aspect width / height of the network's input
 * @param side longest side of the picture, in pixels
 * @throws LensError `E_IMAGE`
 */
export async function previewOf(
  blob: Blob,
  aspect: number,
  side = SIDE,
): Promise<HTMLCanvasElement> {
  try {
    const whole = await createImageBitmap(blob);
    const canvas = document.createElement('canvas');
    drawWindow(canvas, whole, aspect, side);
    whole.close();
    return canvas;
  } catch (cause) {
    throw new LensError('E_IMAGE', 'The image could not be decoded for display.', { cause });
  }
}

/**
 * Draws the largest centred window of a picture into a canvas.
 *
 * @param canvas takes the window's size
 * @param source the picture
 * @param aspect width / height of the window
 * @param side the canvas's longest side at most, in pixels
 */
export function drawWindow(
  canvas: HTMLCanvasElement,
  source: ImageBitmap,
  aspect: number,
  side = SIDE,
): void {
  const width = Math.min(source.width, source.height * aspect);
  const height = Math.min(source.height, source.width / aspect);
  const scale = Math.min(1, side / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  // Transparent images are shown as the network sees them: over white.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  const left = (source.width - width) / 2;
  const top = (source.height - height) / 2;
  context.drawImage(source, left, top, width, height, 0, 0, canvas.width, canvas.height);
}
