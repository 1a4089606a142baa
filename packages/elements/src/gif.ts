import { GIFEncoder, applyPalette, quantize } from 'gifenc';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/**
 * Canvases one after the other as an animated GIF; the page keeps its turn in between.
 *
 * @param frames all of one size
 * @param delay milliseconds that each is shown
 */
export async function asGif(frames: Iterable<HTMLCanvasElement>, delay: number): Promise<Blob> {
  const gif = GIFEncoder();
  for (const canvas of frames) {
    const { width, height } = canvas;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, width, height);
    const palette = quantize(data, 256);
    gif.writeFrame(applyPalette(data, palette), width, height, { palette, delay });
    await turn();
  }
  gif.finish();
  return new Blob([gif.bytes() as Uint8Array<ArrayBuffer>], { type: 'image/gif' });
}
