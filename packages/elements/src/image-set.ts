import { LensError } from '@convlens/onnx';
import { samples } from './catalogue.js';
import { resolveFile } from './environment.js';
import { fetchImage, isPicture } from './sources.js';

/** One image of a set; its file is read when it is asked for, and not kept. */
export interface SetImage {
  /** For people: a title, or the path inside what was given. */
  readonly name: string;
  /** Id of the sample picture, where it is one. */
  readonly sample?: string;
  /** The image file. */
  load(signal: AbortSignal): Promise<Blob>;
}

/** Images to look at one after the other. */
export interface ImageSet {
  /** For people: `11 samples`. */
  readonly title: string;
  readonly images: readonly SetImage[];
}

/** The sample pictures as a set. */
export async function sampleSet(): Promise<ImageSet> {
  const list = await samples();
  return {
    title: `${list.length} samples`,
    images: list.map(({ id, title, file }) => ({
      name: title,
      sample: id,
      load: (signal) => fetchImage(resolveFile('samples', file), signal),
    })),
  };
}

/** A file with the path that tells it from others of its name. */
interface Found {
  readonly path: string;
  readonly file: File;
}

/**
 * Files, folders and zip archives of a visitor's as a set: the pictures among them, in the order of their paths. Hidden
 * files are left out, and what the Finder adds to archives.
 *
 * @param files from a file dialogue or a drop
 * @param folders from a drop
 * @throws LensError `E_IMAGE` when there is no picture among them; `E_ZIP` for a damaged archive
 */
export async function fileSet(
  files: readonly File[],
  folders: readonly FileSystemDirectoryEntry[] = [],
): Promise<ImageSet> {
  const found: Found[] = files.map((file) => ({
    path: file.webkitRelativePath || file.name,
    file,
  }));
  for (const folder of folders) found.push(...(await filesOf(folder)));
  const images: SetImage[] = [];
  for (const { path, file } of found) {
    if (isHidden(path)) continue;
    if (/\.zip$/i.test(path)) images.push(...(await zipImages(file)));
    else if (isPicture(path, file.type))
      images.push({ name: path, load: () => Promise.resolve(file) });
  }
  const title = nameOf(found, folders);
  if (images.length === 0) {
    throw new LensError(
      'E_IMAGE',
      `Expected images in ${title}, got none. PNG, JPEG, WebP, GIF, AVIF and BMP work.`,
    );
  }
  const order = new Intl.Collator('en', { numeric: true });
  images.sort((a, b) => order.compare(a.name, b.name));
  return {
    title: `${title}: ${images.length} ${images.length === 1 ? 'image' : 'images'}`,
    images,
  };
}

/** What was given, in words. */
function nameOf(found: readonly Found[], folders: readonly FileSystemDirectoryEntry[]): string {
  const tops = new Set([
    ...folders.map(({ name }) => name),
    ...(folders.length > 0 ? [] : found.map(({ path }) => path.split('/')[0]!)),
  ]);
  const [only] = tops;
  return tops.size === 1 && only !== undefined ? only : 'your files';
}

const isHidden = (path: string): boolean =>
  path.split('/').some((part) => part.startsWith('.') || part === '__MACOSX');

async function zipImages(file: File): Promise<SetImage[]> {
  const { openZip } = await import('@convlens/data/zip');
  const entries = await openZip(file);
  return entries
    .filter(({ name }) => !isHidden(name) && isPicture(name, ''))
    .map((entry) => ({ name: entry.name, load: async () => new Blob([await entry.read()]) }));
}

/** All files under a dropped folder. */
async function filesOf(folder: FileSystemDirectoryEntry): Promise<Found[]> {
  const found: Found[] = [];
  const reader = folder.createReader();
  for (;;) {
    // Browsers give at most a hundred at a time, and none at the end.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (entries.length === 0) return found;
    for (const entry of entries) {
      if (entry.isDirectory) {
        found.push(...(await filesOf(entry as FileSystemDirectoryEntry)));
      } else {
        const file = await new Promise<File>((resolve, reject) => {
          (entry as FileSystemFileEntry).file(resolve, reject);
        });
        found.push({ path: entry.fullPath.replace(/^\//, ''), file });
      }
    }
  }
}
