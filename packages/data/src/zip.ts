import { inflateSync, strFromU8 } from 'fflate';
import { LensError } from '@convlens/onnx';

/** Bytes of which a part can be read without the rest: a `Blob` or `File`, in a browser and in Node. */
export interface ByteSource {
  /** Number of bytes. */
  readonly size: number;
  /** The bytes from `start` to before `end`. */
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** One file in a zip archive; its contents are read when they are asked for. */
export interface ZipEntry {
  /** Path inside the archive. */
  readonly name: string;
  /** Bytes it has when unpacked. */
  readonly size: number;
  /**
   * Unpacks it.
   *
   * @throws LensError `E_ZIP` when it is damaged, encrypted, or packed in a way that is not known
   */
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

/** End of the central directory without and with a comment of the longest kind. */
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
/** Larger entries are no pictures that a browser can show, and may be bombs. */
const ENTRY_LIMIT = 512 * 2 ** 20;

const damaged = (why: string, cause?: unknown): LensError =>
  new LensError('E_ZIP', `Expected a zip archive, but ${why}. Pack it again and retry.`, { cause });

async function view(blob: ByteSource, start: number, end: number): Promise<DataView<ArrayBuffer>> {
  return new DataView(await blob.slice(start, end).arrayBuffer());
}

const long = (data: DataView, at: number): number => Number(data.getBigUint64(at, true));

/** Where the central directory is, and how many entries it has. */
async function findDirectory(
  blob: ByteSource,
): Promise<{ start: number; bytes: number; count: number }> {
  const from = Math.max(0, blob.size - END_BYTES - LONGEST_COMMENT);
  const tail = await view(blob, from, blob.size);
  let end = tail.byteLength - END_BYTES;
  while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw damaged('the file has no list of contents at its end');
  const short = {
    count: tail.getUint16(end + 10, true),
    bytes: tail.getUint32(end + 12, true),
    start: tail.getUint32(end + 16, true),
  };
  // Archives of more than 65,535 files or 4 GB say their sizes in a second record (zip64).
  const locator = end - 20;
  if (locator < 0 || tail.getUint32(locator, true) !== 0x07064b50) return short;
  const at = long(tail, locator + 8);
  const wide = await view(blob, at, at + 56);
  if (wide.byteLength < 56 || wide.getUint32(0, true) !== 0x06064b50) {
    throw damaged('its list of contents is cut off');
  }
  return { count: long(wide, 32), bytes: long(wide, 40), start: long(wide, 48) };
}

/**
 * Lists the files of a zip archive without unpacking or holding any of it: only the list is read, and each file when it
 * is asked for. Folders are left out.
 *
 * @param archive the whole file
 * @throws LensError `E_ZIP` when it is no zip archive or is damaged
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT for the format
 */
export async function openZip(archive: ByteSource): Promise<ZipEntry[]> {
  const { start, bytes, count } = await findDirectory(archive);
  const list = await view(archive, start, start + bytes);
  const entries: ZipEntry[] = [];
  for (let i = 0, at = 0; i < count; i++) {
    if (at + 46 > list.byteLength || list.getUint32(at, true) !== 0x02014b50) {
      throw damaged(`its list of contents ends after ${i} of ${count} files`);
    }
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) =>
      list.getUint16(at + offset, true),
    ) as [number, number, number];
    const name = strFromU8(new Uint8Array(list.buffer, at + 46, nameBytes));
    const fields = {
      encrypted: (list.getUint16(at + 8, true) & 1) === 1,
      method: list.getUint16(at + 10, true),
      packed: list.getUint32(at + 20, true),
      size: list.getUint32(at + 24, true),
      offset: list.getUint32(at + 42, true),
    };
    widen(fields, list, at + 46 + nameBytes, extraBytes);
    if (!name.endsWith('/')) {
      entries.push({ name, size: fields.size, read: () => unpack(archive, name, fields) });
    }
    at += 46 + nameBytes + extraBytes + commentBytes;
  }
  return entries;
}

interface Fields {
  encrypted: boolean;
  method: number;
  packed: number;
  size: number;
  offset: number;
}

/** Takes the 64-bit numbers of an entry from its extra field, for those that do not fit into 32 bits. */
function widen(fields: Fields, list: DataView, start: number, bytes: number): void {
  for (let at = start; at + 4 <= start + bytes; at += 4 + list.getUint16(at + 2, true)) {
    if (list.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    for (const key of ['size', 'packed', 'offset'] as const) {
      if (fields[key] !== 0xffffffff) continue;
      fields[key] = long(list, next);
      next += 8;
    }
  }
}

async function unpack(
  archive: ByteSource,
  name: string,
  { encrypted, method, packed, size, offset }: Fields,
): Promise<Uint8Array<ArrayBuffer>> {
  if (encrypted || (method !== 0 && method !== 8)) {
    const why = encrypted ? 'is encrypted' : `is packed by method ${method}`;
    throw damaged(`"${name}" in it ${why}; only stored and deflated files can be read`);
  }
  if (size > ENTRY_LIMIT) throw damaged(`"${name}" in it is larger than 512 MB`);
  const head = await view(archive, offset, offset + 30);
  if (head.byteLength < 30 || head.getUint32(0, true) !== 0x04034b50) {
    throw damaged(`"${name}" is not where its list of contents says`);
  }
  const start = offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const stored = new Uint8Array(await archive.slice(start, start + packed).arrayBuffer());
  if (method === 0) return stored;
  try {
    return inflateSync(stored, { out: new Uint8Array(size) });
  } catch (cause) {
    throw damaged(`"${name}" in it is damaged`, cause);
  }
}
