import { GIFEncoder, applyPalette, quantize } from 'gifenc';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/**
 * Canvases one after the other as an animated GIF; the page keeps its turn in between.
 *
 * @param frames all of one size
 * @param delay milliseconds that each is shown
 * @param format how finely colours are told apart: 4 bits each are many times as fast where all pixels differ, as in noise
 */
export async function asGif(
  frames: Iterable<HTMLCanvasElement>,
  delay: number,
  format: 'rgb565' | 'rgb444' = 'rgb565',
): Promise<Blob> {
  const gif = GIFEncoder();
  for (const canvas of frames) {
    const { width, height } = canvas;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, width, height);
    const palette = quantize(data, 256, { format });
    gif.writeFrame(applyPalette(data, palette, format), width, height, { palette, delay });
    await turn();
  }
  gif.finish();
  return new Blob([gif.bytes() as Uint8Array<ArrayBuffer>], { type: 'image/gif' });
}
