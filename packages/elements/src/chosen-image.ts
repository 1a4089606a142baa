import type { ImageSource } from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import type { Sample } from './catalogue.js';
import { resolveFile } from './environment.js';
import type { ImageSelectEvent } from './events.js';
import { fetchImage } from './sources.js';

/** An image that was chosen, as the engine opens it. */
export interface ChosenImage {
  readonly source: Pick<ImageSource, 'url' | 'blob'>;
  /** For people. */
  readonly title: string;
  /** Id of the sample that it is, or empty. */
  readonly sample: string;
}

/**
 * What the engine opens for a choice of the image strip. A sample is left to the engine to fetch, an address is fetched here.
 *
 * @param choice a sample, a file or an address
 * @param samples those that there are
 * @param signal ends the fetching
 * @throws LensError `E_ARGUMENT` for a sample that there is not; `E_FETCH`,
 * `E_ABORTED`
 */
export async function chosenImage(
  choice: Exclude<ImageSelectEvent['choice'], { kind: 'camera' }>,
  samples: readonly Sample[],
  signal: AbortSignal,
): Promise<ChosenImage> {
  switch (choice.kind) {
    case 'sample': {
      const sample = samples.find(({ id }) => id === choice.id);
      if (!sample) {
        const known = samples.map(({ id }) => id).join(', ');
        throw new LensError(
          'E_ARGUMENT',
          `There is no sample picture "${choice.id}" here. Choose one of ${known}.`,
        );
      }
      const source = { url: resolveFile('samples', sample.file) };
      return { source, title: sample.title, sample: sample.id };
    }
    case 'file':
      return { source: { blob: choice.file }, title: choice.name, sample: '' };
    case 'url':
      return {
        source: { blob: await fetchImage(choice.url, signal) },
        title: choice.url,
        sample: '',
      };
  }
}
