import { LensError } from '@convlens/onnx';
import type { Call } from './calls.js';
import { Patience } from './patience.js';

/** Where the network files of earlier visits are kept (Cache API), by address and checksum. */
const CACHE = 'convlens-files-1';

/** What to fetch. */
export interface FetchRequest {
  readonly url: string;
  /** In words, for progress and errors: `ResNet-18`. */
  readonly what: string;
  /** Expected size, when the server does not say it. */
  readonly bytes?: number;
  /** Lower-case hex. With it the file is also kept for the next visit. */
  readonly sha256?: string;
}

async function hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Reads a body into one buffer, without a second copy when the size is known beforehand. */
async function readBody(
  response: Response,
  expected: number,
  onBytes: (loaded: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = response.body!.getReader();
  let buffer = new Uint8Array(expected || 1 << 20);
  let loaded = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (loaded + value.length > buffer.length) {
      const larger = new Uint8Array(Math.max(buffer.length * 2, loaded + value.length));
      larger.set(buffer.subarray(0, loaded));
      buffer = larger;
    }
    buffer.set(value, loaded);
    loaded += value.length;
    onBytes(loaded);
  }
  return loaded === buffer.length ? buffer : buffer.slice(0, loaded);
}

async function openCache(): Promise<Cache | undefined> {
  // Absent in insecure contexts, refused in some private windows: the file is then fetched each time.
  return typeof caches === 'undefined' ? undefined : caches.open(CACHE).catch(() => undefined);
}

/**
 * Fetches a file with progress. Files with a checksum are checked, and kept for the next visit.
 *
 * @throws LensError `E_FETCH` when it cannot be had or is not the expected one, `E_ABORTED`
 */
export async function fetchFile(
  request: FetchRequest,
  call: Call,
): Promise<Uint8Array<ArrayBuffer>> {
  const { url, what, sha256 } = request;
  const cache = sha256 === undefined ? undefined : await openCache();
  const key = `${url.split('#')[0]}${url.includes('?') ? '&' : '?'}sha256=${sha256}`;
  const kept = await cache?.match(key);
  if (kept) return new Uint8Array(await kept.arrayBuffer());
  let response: Response;
  let bytes: Uint8Array<ArrayBuffer>;
  const patience = new Patience(call.signal);
  try {
    response = await fetch(url, { signal: patience.signal });
    if (!response.ok) {
      throw new LensError(
        'E_FETCH',
        `${what} could not be fetched: ${url} answered ${response.status}. Check the address.`,
      );
    }
    const zipped = response.headers.get('content-encoding') !== null;
    const length = zipped ? 0 : Number(response.headers.get('content-length') ?? 0);
    const total = length || request.bytes;
    bytes = await readBody(response, length, (loaded) => {
      patience.renew();
      call.report({
        stage: 'download',
        what,
        loaded,
        ...(total === undefined ? {} : { total: Math.max(total, loaded) }),
      });
    });
  } catch (cause) {
    call.check();
    if (cause instanceof LensError) throw cause;
    if (patience.expired) {
      throw new LensError(
        'E_FETCH',
        `${what} could not be fetched: ${url} gave ${patience.words}. Check the connection and try again.`,
        { cause },
      );
    }
    throw new LensError(
      'E_FETCH',
      `${what} could not be fetched from ${url}: no answer, or its server does not allow other pages to read it ` +
        '(CORS). Download the file and open it from disk.',
      { cause },
    );
  } finally {
    patience.end();
  }
  if (sha256 !== undefined && (await hex(bytes)) !== sha256) {
    throw new LensError(
      'E_FETCH',
      `${what}: the file at ${url} is not the expected one (its checksum differs, ${bytes.length} bytes). ` +
        'Reload the page; if it stays, the server holds an old or damaged file.',
    );
  }
  await cache
    ?.put(key, new Response(bytes, { headers: { 'content-length': String(bytes.length) } }))
    .catch(() => undefined);
  return bytes;
}
