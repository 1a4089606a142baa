import * as Comlink from 'comlink';
import { LensError } from '@convlens/onnx';
import {
  PROTOCOL_VERSION,
  type EngineApi,
  type EngineConfig,
  type Progress,
} from '../shared/api.js';
import { installErrorHandler } from '../shared/comlink-errors.js';
import { buffersOf } from '../shared/wire.js';
import type * as ComputeModuleNamespace from './compute-web.js';
import { Engine, type EngineHost } from './engine.js';
import { fetchFile } from './fetch.js';
import { holdLockOnRequest } from './hold-lock.js';
import { Jobs, type Job } from './jobs.js';
import { wasmMemoryBytes, watchWasmMemory } from './wasm-memory.js';

type ComputeModule = typeof ComputeModuleNamespace;

installErrorHandler();
watchWasmMemory();
holdLockOnRequest();

/** Decoding and running are a script of their own: the first filters need neither. */
const compute = (): Promise<ComputeModule> => import('./compute-web.js');

let config: EngineConfig;

const host: EngineHost = {
  async readNetwork(source, job) {
    const { id, url, blob, externalData, knowledge, bytes, sha256 } = source;
    const what = knowledge?.title ?? id;
    const file = await readSource(what, { url, blob, bytes, sha256 }, job);
    if (!externalData) return { bytes: file };
    const parts = await Promise.all(
      Object.entries(externalData).map(
        async ([location, part]) => [location, new Uint8Array(await part.arrayBuffer())] as const,
      ),
    );
    return { bytes: file, externalData: new Map(parts) };
  },
  async readImage({ id, url, blob, pixels }, job) {
    if (pixels) return pixels;
    const { decodeImage } = await compute();
    return decodeImage(blob ?? new Blob([await readSource(`image ${id}`, { url }, job)]));
  },
  readFrame: async (frame) => (await compute()).readBitmap(frame),
  loadCompute: async () => (await compute()).createCompute(config),
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
  job: Job,
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
    job,
  );
}

let port: MessagePort | undefined;
const jobs = new Jobs((progress: Progress) => port?.postMessage(progress));
let engine: Engine;

/** Moves the buffers of a result to the page instead of copying them. */
async function move<T>(result: Promise<T> | T): Promise<T> {
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
  cancel: (job) => Promise.resolve(jobs.cancel(job)),
  openNetwork: (job, source) => jobs.run(job, (running) => engine.openNetwork(running, source)),
  closeNetwork: (id) => engine.closeNetwork(id),
  openImage: (job, source) => jobs.run(job, (running) => engine.openImage(running, source)),
  closeImage: (id) => Promise.resolve(engine.closeImage(id)),
  kernels: (job, network, layer) =>
    move(jobs.run(job, () => Promise.resolve(engine.kernels(network, layer)))),
  useBackend: (job, choice) => jobs.run(job, (running) => engine.useBackend(running, choice)),
  activations: (job, request) =>
    move(jobs.run(job, (running) => engine.activations(running, request))),
  projections: (job, request) =>
    move(jobs.run(job, (running) => engine.projections(running, request))),
  rankImages: (job, request) =>
    move(jobs.run(job, (running) => engine.rankImages(running, request))),
  attribution: (job, request) =>
    move(jobs.run(job, (running) => engine.attribution(running, request))),
  follow: (job, request) => move(jobs.run(job, (running) => engine.follow(running, request))),
  pause: (job) => Promise.resolve(jobs.pause(job)),
  lab: (job, request) => move(jobs.run(job, (running) => engine.lab(running, request))),
  runGraph: (job, request) => move(jobs.run(job, (running) => engine.runGraph(running, request))),
  measure: (job, request) => move(jobs.run(job, (running) => engine.measure(running, request))),
  memory: () => Promise.resolve(engine.memory()),
};

Comlink.expose(api);
