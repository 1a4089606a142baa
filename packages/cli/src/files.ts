import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Knowledge } from '@convlens/adapters';
import { readNpy, writeNpy, type Pixels } from '@convlens/data';
import { readPng, writePng } from '@convlens/data/png';
import { LensError, read, type DType, type Graph, type TensorData } from '@convlens/onnx';

const MODELS = fileURLToPath(new URL('../../../models/', import.meta.url));

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly preprocessing: NonNullable<Knowledge['preprocessing']>;
  readonly labels: string;
}

/** A model with what is known of it besides the file. */
export interface Model {
  /** Id of an embedded network, else the file's name. */
  readonly id: string;
  readonly graph: Graph;
  readonly knowledge: Knowledge;
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads a file.
 *
 * @throws LensError `E_FETCH` when it cannot be read
 */
export function readFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new LensError('E_FETCH', `No file can be read at ${path}.`, { cause });
  }
}

/** The entry of an embedded network; undefined where the name is none of them, or none is installed. */
function embedded(id: string): Entry | undefined {
  try {
    const { networks } = JSON.parse(readFileSync(join(MODELS, 'manifest.json'), 'utf8')) as {
      networks: Entry[];
    };
    return networks.find((entry) => entry.id === id);
  } catch {
    return undefined;
  }
}

/** Whether a name is the id of an embedded network that is installed. */
export function isEmbedded(id: string): boolean {
  return embedded(id) !== undefined;
}

/** Reads a model again and again until no file with external weights is missing. */
function readWithExternalData(path: string, bytes: Uint8Array): Graph {
  const parts = new Map<string, Uint8Array>();
  for (;;) {
    try {
      return read(bytes, { externalData: parts });
    } catch (error) {
      const wanted =
        error instanceof LensError && error.code === 'E_ONNX_EXTERNAL_DATA'
          ? /"([^"]+)"/.exec(error.message)?.[1]
          : undefined;
      if (wanted === undefined || parts.has(wanted) || isAbsolute(wanted)) throw error;
      parts.set(wanted, readFile(join(dirname(path), wanted)));
    }
  }
}

/**
 * Reads a model: a file, or an embedded network by its id.
 *
 * @throws LensError as the reader does; `E_FETCH` when there is no such file
 */
export function readModel(name: string): Model {
  const entry = embedded(name);
  const path = entry ? join(MODELS, entry.file) : name;
  const bytes = readFile(path);
  const knowledge: Knowledge = entry
    ? {
        title: entry.title,
        preprocessing: entry.preprocessing,
        classes: readFileSync(join(MODELS, entry.labels), 'utf8').trim().split('\n'),
      }
    : {};
  return {
    id: entry?.id ?? basename(path),
    graph: readWithExternalData(path, bytes),
    knowledge,
    path,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** Reads a float32 .npy file; float64 is rounded. */
export function readTensor(path: string): TensorData {
  const tensor = readNpy(readFile(path));
  if (tensor.dtype !== 'float64') return tensor;
  return {
    dtype: 'float32',
    shape: tensor.shape,
    data: Float32Array.from(tensor.data as Float64Array),
  };
}

/** Reads a PNG. */
export function readImage(path: string): Pixels {
  return readPng(readFile(path));
}

/**
 * Image files: those that are named, and those anywhere in folders that are named, in the order of their paths; hidden
 * ones are left out.
 *
 * @throws LensError `E_FETCH` when there is no such file or folder, or no image in it
 */
export function imageFiles(paths: readonly string[]): readonly string[] {
  const order = new Intl.Collator('en', { numeric: true });
  const found = paths.flatMap((path) => {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
    const inside = readdirSync(path, { recursive: true, encoding: 'utf8' });
    return inside
      .filter((name) => /\.(png|jpe?g|webp|gif|avif|bmp)$/i.test(name))
      .filter((name) => !/(^|[/\\])(\.|__MACOSX)/.test(name))
      .sort(order.compare)
      .map((name) => join(path, name));
  });
  if (found.length > 0) return found;
  throw new LensError('E_FETCH', `Expected images in ${paths.join(', ')}, got none.`);
}

/** Writes results into a folder, made when it is not there. */
export class Output {
  readonly #folder: string;
  readonly written: string[] = [];

  /** @param folder where results go */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  #write(name: string, bytes: Uint8Array): void {
    const file = name.replaceAll('/', '_');
    writeFileSync(join(this.#folder, file), bytes);
    this.written.push(file);
  }

  /** Writes NAME.npy. */
  tensor(name: string, tensor: TensorData): void {
    this.#write(`${name}.npy`, writeNpy(tensor as TensorData<Exclude<DType, 'string'>>));
  }

  /** Writes NAME.json. */
  json(name: string, value: unknown): void {
    this.text(`${name}.json`, `${JSON.stringify(value, null, 2)}\n`);
  }

  /** Writes NAME.csv. */
  csv(name: string, rows: readonly (readonly (string | number)[])[]): void {
    this.text(`${name}.csv`, rows.map((row) => `${row.join(',')}\n`).join(''));
  }

  /** Writes a text as it is. */
  text(file: string, text: string): void {
    this.#write(file, new TextEncoder().encode(text));
  }

  /** Writes NAME.png, with texts that it carries. */
  image(name: string, pixels: Pixels, text: Readonly<Record<string, string>> = {}): void {
    this.#write(`${name}.png`, writePng(pixels, text));
  }
}
