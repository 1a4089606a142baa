import type { EngineSession, ImageHandle, LabeledImage } from '@convlens/engine';
import { resolveFile, samples } from '@convlens/elements';
import type { ImageSet } from '@convlens/elements/image-set.js';

/** Pictures measured on at most: a curve over more takes many minutes on one thread. */
const MOST = 50;
/** Classes of samples that are called otherwise. */
const OTHERWISE: Readonly<Record<string, string>> = { lighthouse: 'beacon' };

/** A picture to measure on. */
export interface MeasuredPicture {
  readonly name: string;
  readonly url: string;
  /** Words that may name its class, the likeliest first. */
  readonly words: readonly string[];
}

const plain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/\.\w+$/, '')
    .replaceAll(/[^a-z]+/g, ' ')
    .trim();

/** Pictures that attacks are measured on: the samples, or a visitor's own. */
export class PictureSet {
  readonly title: string;
  readonly pictures: readonly MeasuredPicture[];
  readonly #load: (signal: AbortSignal) => Promise<readonly (() => Promise<Blob>)[]>;
  #open: Promise<readonly ImageHandle[]> | undefined;

  private constructor(
    title: string,
    pictures: readonly MeasuredPicture[],
    load: (signal: AbortSignal) => Promise<readonly (() => Promise<Blob>)[]>,
  ) {
    this.title = title;
    this.pictures = pictures;
    this.#load = load;
  }

  /** The sample pictures. */
  static async samples(): Promise<PictureSet> {
    const list = await samples();
    const pictures = list.map(({ id, title, file }) => ({
      name: title,
      url: resolveFile('samples', file),
      words: [OTHERWISE[id] ?? plain(id)],
    }));
    return new PictureSet(`${list.length} samples`, pictures, (signal) =>
      Promise.resolve(
        pictures.map(
          ({ url }) =>
            async () =>
              (await fetch(url, { signal })).blob(),
        ),
      ),
    );
  }

  /** A visitor's pictures: a class may be named by the file or by its folder. */
  static async files(set: ImageSet, signal: AbortSignal): Promise<PictureSet> {
    const chosen = set.images.slice(0, MOST);
    const blobs = await Promise.all(chosen.map((image) => image.load(signal)));
    const pictures = chosen.map(({ name }, i) => ({
      name,
      url: URL.createObjectURL(blobs[i]!),
      words: name.split('/').reverse().map(plain),
    }));
    const title = set.images.length > MOST ? `${set.title}, of which the first ${MOST}` : set.title;
    return new PictureSet(title, pictures, () =>
      Promise.resolve(blobs.map((blob) => () => Promise.resolve(blob))),
    );
  }

  /**
   * Hands the pictures to the engine, once.
   *
   * @param engine of the element
   * @param names of the classes
   * @param signal ends it
   */
  async open(
    engine: EngineSession,
    names: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<readonly LabeledImage[]> {
    this.#open ??= this.#openAll(engine, signal).catch((error: unknown) => {
      this.#open = undefined;
      throw error;
    });
    const handles = await this.#open;
    return this.pictures.map(({ words }, i) => {
      const className = names?.find((name) => words.includes(plain(name)));
      return { image: handles[i]!.id, ...(className === undefined ? {} : { className }) };
    });
  }

  async #openAll(engine: EngineSession, signal: AbortSignal): Promise<readonly ImageHandle[]> {
    const handles: ImageHandle[] = [];
    try {
      for (const load of await this.#load(signal)) {
        handles.push(await engine.openImage({ blob: await load() }, { signal }));
      }
    } catch (error) {
      for (const handle of handles) handle[Symbol.dispose]();
      throw error;
    }
    return handles;
  }

  /** Gives the pictures and the addresses of files back. */
  dispose(): void {
    void this.#open?.then(
      (handles) => {
        for (const handle of handles) handle[Symbol.dispose]();
      },
      () => undefined,
    );
    for (const { url } of this.pictures) if (url.startsWith('blob:')) URL.revokeObjectURL(url);
  }
}
