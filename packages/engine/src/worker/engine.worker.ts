import * as Comlink from 'comlink';
import { LensError } from '@convlens/onnx';
import type { EngineConfig } from '../shared/api.js';
import { PROTOCOL_VERSION, type EngineApi } from '../shared/protocol.js';
import { installErrorHandler } from '../shared/comlink-errors.js';
import { buffersOf } from '../shared/wire.js';
import type * as BackendsModuleNamespace from './backends-web.js';
import { Engine, type EngineHost } from './engine.js';
import { fetchFile } from './fetch.js';
import { holdLockOnRequest } from './hold-lock.js';
import { Calls, type Call } from './calls.js';
import type { JobKind } from './jobs/table.js';
import { arrival, NOT_THERE } from './patience.js';
import { wasmMemoryBytes, watchWasmMemory } from './wasm-memory.js';

type BackendsModule = typeof BackendsModuleNamespace;

installErrorHandler();
watchWasmMemory();
holdLockOnRequest();

/** Decoding and running are a script of their own: the first filters need neither. */
const backends = (): Promise<BackendsModule> =>
  arrival(import('./backends-web.js'), 'E_ENGINE_START', NOT_THERE);

let config: EngineConfig;

const host: EngineHost = {
  async readNetwork(source, call) {
    const { id, url, blob, externalData, knowledge, bytes, sha256 } = source;
    const what = knowledge?.title ?? id;
    const file = await readSource(what, { url, blob, bytes, sha256 }, call);
    if (!externalData) return { bytes: file };
    const parts = await Promise.all(
      Object.entries(externalData).map(
        async ([location, part]) => [location, new Uint8Array(await part.arrayBuffer())] as const,
      ),
    );
    return { bytes: file, externalData: new Map(parts) };
  },
  async readImage({ what = 'the image', url, blob, pixels }, call) {
    if (pixels) return pixels;
    const { decodeImage } = await backends();
    return decodeImage(blob ?? new Blob([await readSource(what, { url }, call)]));
  },
  readFrame: async (frame) => (await backends()).readBitmap(frame),
  loadBackends: async () => (await backends()).createBackends(config),
  wasmBytes: wasmMemoryBytes,
};

async function readSource(
  what: string,
  source: {
    url?: string | undefined;
    blob?: Blob | undefined;
    bytes?: number | undefined;
    sha256?: string | undefined;
  },
  call: Call,
): Promise<Uint8Array<ArrayBuffer>> {
  const { url, blob, bytes, sha256 } = source;
  if (blob) return new Uint8Array(await blob.arrayBuffer());
  if (url === undefined) {
    throw new LensError('E_ARGUMENT', `Expected a URL or a file for ${what}, got neither.`);
  }
  return fetchFile(
    {
      url,
      what,
      ...(bytes === undefined ? {} : { bytes }),
      ...(sha256 === undefined ? {} : { sha256 }),
    },
    call,
  );
}

let port: MessagePort | undefined;

const calls = new Calls((message) => port?.postMessage(message));
let engine: Engine;

/** Moves the buffers of a result to the page instead of copying them. */
async function move<T>(result: Promise<T>): Promise<T> {
  const value = await result;
  return Comlink.transfer(value, [...buffersOf(value)]);
}

const api: EngineApi = {
  start(given, progress) {
    config = given;
    port = progress;
    engine = new Engine(host);
    return Promise.resolve({ version: PROTOCOL_VERSION });
  },
  cancel: (call) => Promise.resolve(calls.cancel(call)),
  pause: (call) => Promise.resolve(calls.pause(call)),
  openNetwork: (call, id, source) =>
    calls.run(call, (running) => engine.openNetwork(running, id, source)),
  openImage: (call, id, source) =>
    calls.run(call, (running) => engine.openImage(running, id, source)),
  close: (id) => engine.close(id),
  useBackend: (call, choice) => calls.run(call, (running) => engine.useBackend(running, choice)),
  memory: () => Promise.resolve(engine.memory()),
  // Both sides are of one version: a kind and its request come from the same table.
  run: (call, kind, request) =>
    move(calls.run(call, (running) => engine.run(running, kind as JobKind, request as never))),
};

Comlink.expose(api);
