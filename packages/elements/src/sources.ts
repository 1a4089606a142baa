import type { NetworkEntry } from './catalogue.js';
import { resolveFile } from './environment.js';
import type { NetworkSource } from '@convlens/engine';
import { LensError } from '@convlens/onnx';

/** Files that are opened join the list of networks under this prefix. */
export const FILE_PREFIX = 'file:';

/** An embedded network as the engine opens it. */
export function entrySource(entry: NetworkEntry): NetworkSource {
  const { id, file, bytes, sha256, title, preprocessing } = entry;
  return {
    id,
    url: resolveFile('models', file),
    bytes,
    sha256,
    knowledge: { title, preprocessing },
  };
}

/** A visitor's ONNX file as the engine opens it; files beside it hold its external weights. */
export function fileSource(files: readonly File[]): NetworkSource | undefined {
  const main = files.find(({ name }) => /\.onnx$/i.test(name)) ?? files[0];
  if (!main) return undefined;
  const others = files.filter((file) => file !== main);
  return {
    id: FILE_PREFIX + main.name,
    blob: main,
    knowledge: { title: main.name.replace(/\.onnx$/i, '') },
    ...(others.length > 0
      ? { externalData: Object.fromEntries(others.map((file) => [file.name, file])) }
      : {}),
  };
}

/**
 * Whether a file says that it is a picture.
 *
 * @param name of the file
 * @param type its media type, or empty
 */
export function isPicture(name: string, type: string): boolean {
  return type.startsWith('image/') || /\.(png|jpe?g|webp|gif|avif|bmp)$/i.test(name);
}

/**
 * Fetches an image by its address.
 *
 * @throws LensError `E_FETCH`, `E_ABORTED`
 */
export async function fetchImage(url: string, signal: AbortSignal): Promise<Blob> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (cause) {
    if (signal.aborted) throw new LensError('E_ABORTED', 'Cancelled.', { cause });
    throw new LensError(
      'E_FETCH',
      `The image at ${url} could not be fetched: no answer, or its server does not allow other pages to read it. ` +
        'Save it and open the file instead.',
      { cause },
    );
  }
  if (!response.ok) {
    throw new LensError(
      'E_FETCH',
      `The image at ${url} could not be fetched: the answer was ${response.status}.`,
    );
  }
  return response.blob();
}
