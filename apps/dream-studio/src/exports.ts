import { checkRecipe, readRecipe, type Recipe } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { asciiJson, readPngText, writePng } from '@convlens/data/png';
import { asGif as encodeGif } from '@convlens/elements/gif.js';
import { LensError } from '@convlens/onnx';
import type { StudioRun } from './run.js';

/** Key of the text chunk that holds the recipe in a PNG. */
const KEYWORD = 'convlens-recipe';
/** Smallest side of a saved picture: small networks' pictures are enlarged by a whole number. */
const SIDE = 512;
/** Milliseconds that a frame of a GIF or video is shown. */
const FRAME_MS = 66;

/** All pictures of a frame side by side, enlarged smoothly. */
function draw(pictures: readonly Pixels[], least = SIDE): HTMLCanvasElement {
  const [first] = pictures;
  if (!first) throw new LensError('E_ARGUMENT', 'There is no picture to save yet.');
  const columns = Math.ceil(Math.sqrt(pictures.length));
  const rows = Math.ceil(pictures.length / columns);
  const scale = Math.max(1, Math.ceil(least / Math.min(first.width, first.height)));
  const canvas = document.createElement('canvas');
  canvas.width = columns * first.width * scale;
  canvas.height = rows * first.height * scale;
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  const scratch = document.createElement('canvas');
  for (const [i, { width, height, data }] of pictures.entries()) {
    scratch.width = width;
    scratch.height = height;
    const picture = new ImageData(Uint8ClampedArray.from(data), width, height);
    scratch.getContext('2d')!.putImageData(picture, 0, 0);
    context.drawImage(
      scratch,
      (i % columns) * width * scale,
      Math.floor(i / columns) * height * scale,
      width * scale,
      height * scale,
    );
  }
  return canvas;
}

const pixelsOf = (canvas: HTMLCanvasElement): Pixels => {
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, width, height);
  return { width, height, data };
};

/**
 * The picture with its recipe inside.
 *
 * @param run finished or not
 */
export function asPng(run: StudioRun): Blob {
  const picture = pixelsOf(draw(run.frame?.pictures ?? []));
  const bytes = writePng(picture, { [KEYWORD]: asciiJson(run.recipe), Software: 'Convlens' });
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'image/png' });
}

/** The recipe as a file. */
export function asJson(run: StudioRun): Blob {
  return new Blob([JSON.stringify(run.recipe, null, 2)], { type: 'application/json' });
}

/** The objective at every step, a column a picture. */
export function asCsv(run: StudioRun): Blob {
  const { curve } = run;
  const head = ['step', ...curve.map((_, i) => `objective ${i + 1}`)].join(',');
  const rows = (curve[0] ?? []).map((_, step) =>
    [step, ...curve.map((line) => line[step])].join(','),
  );
  return new Blob([[head, ...rows].join('\n')], { type: 'text/csv' });
}

/** Frames of the run, drawn on canvases of one size. */
function* reel(run: StudioRun): Generator<HTMLCanvasElement> {
  const last = run.frame?.pictures ?? [];
  const size = draw(last, 256);
  // A dream grows from octave to octave; a film does not.
  const even = (extent: number): number => extent + (extent % 2);
  for (const pictures of [
    ...run.reel.map((one) => one.pictures),
    ...Array<readonly Pixels[]>(8).fill(last),
  ]) {
    const canvas = document.createElement('canvas');
    canvas.width = even(size.width);
    canvas.height = even(size.height);
    const context = canvas.getContext('2d', { willReadFrequently: true })!;
    context.imageSmoothingQuality = 'high';
    context.drawImage(draw(pictures, 1), 0, 0, canvas.width, canvas.height);
    yield canvas;
  }
}

/** The run as an animated GIF. */
export function asGif(run: StudioRun): Promise<Blob> {
  return encodeGif(reel(run), FRAME_MS);
}

/**
 * The run as a film: MP4, or WebM where the browser has no encoder for it.
 *
 * @throws LensError `E_ARGUMENT` in browsers without video encoders
 */
export async function asVideo(run: StudioRun): Promise<Blob> {
  const {
    BufferTarget,
    CanvasSource,
    getFirstEncodableVideoCodec,
    Mp4OutputFormat,
    Output,
    WebMOutputFormat,
  } = await import('mediabunny');
  const frames = [...reel(run)];
  const { width, height } = frames[0]!;
  const options = { width, height };
  const forMp4 = await getFirstEncodableVideoCodec(['avc'], options);
  const codec = forMp4 ?? (await getFirstEncodableVideoCodec(['vp9', 'vp8', 'av1'], options));
  if (!codec) {
    throw new LensError(
      'E_ARGUMENT',
      'This browser cannot encode videos. Save the run as a GIF instead.',
    );
  }
  const target = new BufferTarget();
  const output = new Output({
    format: forMp4 ? new Mp4OutputFormat() : new WebMOutputFormat(),
    target,
  });
  const stage = document.createElement('canvas');
  stage.width = width;
  stage.height = height;
  const context = stage.getContext('2d')!;
  const source = new CanvasSource(stage, { codec, bitrate: 4e6 });
  output.addVideoTrack(source);
  await output.start();
  for (const [i, canvas] of frames.entries()) {
    context.drawImage(canvas, 0, 0);
    await source.add((i * FRAME_MS) / 1000, FRAME_MS / 1000);
  }
  await output.finalize();
  return new Blob([target.buffer!], { type: forMp4 ? 'video/mp4' : 'video/webm' });
}

/**
 * The recipe in a file: JSON, or a PNG that was saved here.
 *
 * @param file the file
 * @throws LensError `E_RECIPE` when there is none, or it cannot be read
 */
export async function recipeFromFile(file: Blob): Promise<Recipe> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] !== 0x89) return readRecipe(new TextDecoder().decode(bytes));
  const text = readPngText(bytes)[KEYWORD];
  if (text === undefined) {
    throw new LensError(
      'E_RECIPE',
      'This PNG holds no recipe: it was not saved by the dream studio, or something has stripped it.',
    );
  }
  return checkRecipe(JSON.parse(text));
}
