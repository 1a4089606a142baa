import { describeNetwork, type Network } from '@convlens/adapters';
import { hasKernels, receptiveFields } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { LensError, read, withinTime } from '@convlens/onnx';
import type {
  BackendChoice,
  BackendReport,
  ImageSource,
  ImageSummary,
  MemoryReport,
  NetworkSource,
  NetworkSummary,
} from '../shared/api.js';
import type { ImageId, NetworkId } from '../shared/handles.js';
import type { Backends } from './backends.js';
import type { Call } from './calls.js';
import type { Desk, Job, OnRuntime } from './jobs/job.js';
import { jobTable, type JobAnswer, type JobKind, type JobRequest } from './jobs/table.js';
import { arrival, NOT_THERE } from './patience.js';
import { Programs } from './programs.js';

/** Milliseconds that reading and describing a network may take: the largest take some seconds. */
const READ_LIMIT = 60_000;

/** What the engine needs from where it runs: a worker of a page, or Node. */
export interface EngineHost {
  /** Bytes of a network's file, and of the files with its external weights by location. */
  readNetwork(
    source: NetworkSource,
    call: Call,
  ): Promise<{ bytes: Uint8Array; externalData?: ReadonlyMap<string, Uint8Array> }>;
  readImage(source: ImageSource, call: Call): Promise<Pixels>;
  readFrame(frame: ImageBitmap): Promise<Pixels>;
  /** The runtimes that may be used; loaded once, when one is first needed. */
  loadBackends(): Promise<Backends>;
  /** Bytes of WebAssembly memory in use. */
  wasmBytes(): number;
}

interface OpenNetwork {
  readonly network: Network;
  /** Bytes of its weights. */
  readonly weights: number;
}

/** Everything behind the worker's border: open networks and images, the runtimes, and the jobs that use them. */
export class Engine {
  readonly #host: EngineHost;
  readonly #networks = new Map<NetworkId, OpenNetwork>();
  readonly #images = new Map<ImageId, Pixels>();
  readonly #programs = new Programs();
  #loading: Promise<Backends> | undefined;
  #backends: Backends | undefined;
  /** The backend that the page knows of. */
  #said: BackendReport | undefined;

  /** @param host where it runs */
  constructor(host: EngineHost) {
    this.#host = host;
  }

  async #loaded(): Promise<Backends> {
    this.#loading ??= this.#host.loadBackends().then(
      (backends) => {
        // Programs of the runtime before are of no use.
        backends.onChange = () => void this.#programs.clear();
        return backends;
      },
      (error: unknown) => {
        this.#loading = undefined;
        throw error;
      },
    );
    return (this.#backends = await this.#loading);
  }

  /**
   * Fetches, reads and describes a network. No runtime is needed or loaded.
   *
   * @param call told how far it is
   * @param id what requests will call it
   * @param source where it comes from
   * @throws LensError `E_FETCH`, `E_ONNX_*`, `E_OP_UNSUPPORTED`, `E_NO_CONVOLUTION`, `E_BOUND`, `E_ABORTED`
   */
  async openNetwork(call: Call, id: NetworkId, source: NetworkSource): Promise<NetworkSummary> {
    const began = performance.now();
    const what = source.knowledge?.title ?? source.id;
    let network: Network;
    let size = source.bytes ?? 0;
    let fetched = began;
    if (source.built === undefined) {
      const { bytes, externalData } = await this.#host.readNetwork(source, call);
      fetched = performance.now();
      size = bytes.byteLength;
      call.report({ stage: 'read', what });
      network = withinTime(READ_LIMIT, () =>
        describeNetwork(read(bytes, externalData && { externalData }), source.knowledge),
      );
    } else {
      call.report({ stage: 'read', what });
      const { buildStandard } = await import('@convlens/adapters/builders');
      network = describeNetwork(buildStandard(source.built), source.knowledge);
    }
    call.check();
    let weights = 0;
    for (const { data } of network.graph.initializers.values()) {
      if (ArrayBuffer.isView(data)) weights += data.byteLength;
    }
    this.#networks.set(id, { network, weights });
    const fields = receptiveFields(network.graph, network.input.name);
    const { graph: _graph, classifier: _classifier, layers, ...rest } = network;
    return {
      ...rest,
      handle: id,
      id: source.id,
      layers: layers.map((layer) => {
        const field = fields.get(layer.value);
        return { ...layer, hasKernels: hasKernels(layer), ...(field ? { field } : {}) };
      }),
      bytes: size,
      fetchMs: fetched - began,
      readMs: performance.now() - fetched,
    };
  }

  /** Decodes and keeps an image. */
  async openImage(call: Call, id: ImageId, source: ImageSource): Promise<ImageSummary> {
    const pixels = await this.#host.readImage(source, call);
    call.check();
    this.#images.set(id, pixels);
    return { handle: id, width: pixels.width, height: pixels.height };
  }

  /** Frees a network with its programs, or an image; one that is not open is left alone. */
  async close(id: NetworkId | ImageId): Promise<void> {
    this.#images.delete(id as ImageId);
    const open = this.#networks.get(id as NetworkId);
    this.#networks.delete(id as NetworkId);
    if (open) await this.#programs.forget(open.network);
  }

  /** Chooses the backend. */
  async useBackend(call: Call, choice: BackendChoice): Promise<BackendReport> {
    return (await this.#loaded()).use(choice, call);
  }

  /**
   * Does a job.
   *
   * @param call that it answers
   * @param kind a row of the table
   * @param request what is wanted
   * @throws LensError `E_ARGUMENT` for a kind that there is not; `E_BACKEND_INIT`, `E_ABORTED`, and as the job does
   */
  async run<K extends JobKind>(call: Call, kind: K, request: JobRequest<K>): Promise<JobAnswer<K>> {
    if (!Object.hasOwn(jobTable, kind)) {
      throw new LensError('E_ARGUMENT', `The engine does no job called "${kind}".`);
    }
    const { job } = (await arrival<unknown>(jobTable[kind](), 'E_ENGINE_START', NOT_THERE)) as {
      readonly job: Job<JobRequest<K>, JobAnswer<K>, unknown>;
    };
    call.check();
    return job.run(this.#desk(call), request);
  }

  #desk(call: Call): Desk<unknown> {
    return {
      signal: call.signal,
      get paused() {
        return call.paused;
      },
      report: (progress) => call.report(progress),
      frame: (frame) => call.frame(frame),
      check: () => call.check(),
      network: (id) => this.#network(id),
      image: (id) => this.#image(id),
      pixels: (image) => this.#pixels(image, call),
      readImage: (source) => this.#host.readImage(source, call),
      onRuntime: (work) => this.#onRuntime(call, work),
      keepOnly: (name, network) => this.#programs.keepOnly(name, network),
    };
  }

  async #onRuntime<T>(call: Call, work: (on: OnRuntime) => Promise<T>): Promise<T> {
    const backends = await this.#loaded();
    for (;;) {
      const { runtime, report } = await backends.runtime(call);
      call.check();
      // Said now, not with the answer: a run may take minutes, and its device may be lost on the way.
      if (report !== this.#said) call.uses(report);
      this.#said = report;
      try {
        return await this.#programs.lease(({ borrow }) => work({ runtime, report, borrow }));
      } catch (error) {
        // The list of backends is finite and one that was lost or refused is not tried again, so this ends.
        if (backends.reportRefusal(error)) continue;
        if (!(error instanceof LensError) || error.code !== 'E_BACKEND_LOST') throw error;
        backends.reportLoss();
      }
    }
  }

  async #pixels(image: ImageId | Blob | ImageBitmap, call: Call): Promise<Pixels> {
    if (typeof image === 'string') return this.#image(image);
    if (image instanceof Blob) return this.#host.readImage({ blob: image }, call);
    return this.#host.readFrame(image);
  }

  /** What is held at the moment. */
  memory(): MemoryReport {
    let weights = 0;
    for (const open of this.#networks.values()) weights += open.weights;
    return {
      wasm: this.#host.wasmBytes(),
      weights,
      sessions: this.#backends?.sessions ?? 0,
      tensors: this.#backends?.tensors ?? 0,
      networks: this.#networks.size,
      images: this.#images.size,
    };
  }

  #network(id: NetworkId): Network {
    const open = this.#networks.get(id);
    if (!open) {
      throw new LensError('E_ARGUMENT', `No network "${id}" is open: its handle was given back.`);
    }
    return open.network;
  }

  #image(id: ImageId): Pixels {
    const image = this.#images.get(id);
    if (!image) {
      throw new LensError('E_ARGUMENT', `No image "${id}" is open: its handle was given back.`);
    }
    return image;
  }
}
