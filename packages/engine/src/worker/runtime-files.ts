import { LensError } from '@convlens/onnx';
import type { Call } from './calls.js';
import { Patience } from './patience.js';

/** Whose files are in the runtime folder, for messages. */
export interface RuntimeFiles {
  readonly owner: string;
  /** What must be copied there. */
  readonly files: string;
}

/** ONNX Runtime Web's. */
export const ORT_FILES: RuntimeFiles = {
  owner: 'ONNX Runtime',
  files: "the runtime's .mjs and .wasm files of version 1.30.0",
};

/** TensorFlow.js's WASM backend's. */
export const TFJS_FILES: RuntimeFiles = {
  owner: 'TensorFlow.js',
  files: 'the .wasm files of @tensorflow/tfjs-backend-wasm 4.22.0',
};

/**
 * Fetches one of a runtime's .wasm files itself: for progress, and because the runtimes' own errors for a missing
 * file or an HTML page in its place ("no available backend found") tell nobody what to do.
 *
 * @param url where it is
 * @param bytes its size, as far as it is known
 * @param call for progress
 * @param owner whose file it is
 * @throws LensError `E_RUNTIME_FILES`
 */
export async function fetchWasm(
  url: string,
  bytes: number,
  call: Call,
  { owner, files }: RuntimeFiles,
): Promise<ArrayBuffer> {
  const what = 'the compute runtime';
  const wrong = (got: string): LensError =>
    new LensError(
      'E_RUNTIME_FILES',
      `Expected ${owner}'s file at ${url}, got ${got}. Copy ${files} there, or set the runtime folder.`,
    );
  const patience = new Patience(call.signal);
  let buffer: ArrayBuffer;
  try {
    const response = await fetch(url, { signal: patience.signal });
    if (!response.ok) throw wrong(`the answer ${response.status}`);
    buffer = await bodyOf(response, (loaded) => {
      patience.renew();
      call.report({ stage: 'download', what, loaded, total: Math.max(bytes, loaded) });
    });
  } catch (cause) {
    call.check();
    if (cause instanceof LensError) throw cause;
    const got = patience.expired ? patience.words : 'no answer';
    throw new LensError('E_RUNTIME_FILES', wrong(got).message, { cause });
  } finally {
    patience.end();
  }
  const head = new Uint8Array(buffer, 0, Math.min(4, buffer.byteLength));
  if (head.join() !== '0,97,115,109') {
    throw wrong(head[0] === 60 ? 'an HTML page (a 404 page of the server?)' : 'some other file');
  }
  return buffer;
}

function bodyOf(response: Response, onBytes: (loaded: number) => void): Promise<ArrayBuffer> {
  let loaded = 0;
  const counted = response.body!.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        loaded += chunk.length;
        onBytes(loaded);
        controller.enqueue(chunk);
      },
    }),
  );
  return new Response(counted).arrayBuffer();
}
