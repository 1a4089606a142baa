import { describeNetwork, type Network } from '@convlens/adapters';
import {
  channelStatistics,
  FeatureMaps,
  findLayer,
  hasKernels,
  kernels,
  receptiveFields,
  type Kernels,
} from '@convlens/core';
import { cropToInput, toInput, type Pixels } from '@convlens/data';
import { LensError, read, type TensorData } from '@convlens/onnx';
import type {
  ActivationRequest,
  Activations,
  BackendChoice,
  BackendReport,
  ImageSource,
  ImageSummary,
  MemoryReport,
  NetworkSource,
  NetworkSummary,
} from '../shared/api.js';
import type { Backends } from './backends.js';
import type { Job } from './jobs.js';

/** What the engine needs from where it runs: a worker of a page, or Node. */
export interface EngineHost {
  /** Bytes of a network's file, and of the files with its external weights by location. */
  readNetwork(
    source: NetworkSource,
    job: Job,
  ): Promise<{ bytes: Uint8Array; externalData?: ReadonlyMap<string, Uint8Array> }>;
  readImage(source: ImageSource, job: Job): Promise<Pixels>;
  readFrame(frame: ImageBitmap): Pixels;
  /** Bytes of WebAssembly memory in use. */
  wasmBytes(): number;
}

interface OpenNetwork {
  readonly network: Network;
  readonly weights: number;
  maps: FeatureMaps | undefined;
}

/** Everything behind the worker's border: networks, images and the backend that runs them. */
export class Engine {
  readonly #host: EngineHost;
  readonly #backends: Backends;
  readonly #networks = new Map<string, OpenNetwork>();
  readonly #images = new Map<string, Pixels>();

  /**
   * @param host where it runs
   * @param backends the runtimes that may be used
   */
  constructor(host: EngineHost, backends: Backends) {
    this.#host = host;
    this.#backends = backends;
    backends.onChange = () => {
      for (const open of this.#networks.values()) {
        void open.maps?.dispose().catch(() => undefined);
        open.maps = undefined;
      }
    };
  }

  /** Fetches, reads and describes a network. No runtime is needed or loaded. */
  async openNetwork(job: Job, source: NetworkSource): Promise<NetworkSummary> {
    const began = performance.now();
    const { bytes, externalData } = await this.#host.readNetwork(source, job);
    const fetched = performance.now();
    job.report({ stage: 'read', what: source.knowledge?.title ?? source.id });
    const graph = read(bytes, externalData && { externalData });
    const network = describeNetwork(graph, source.knowledge);
    job.check();
    await this.closeNetwork(source.id);
    let weights = 0;
    for (const { data } of network.graph.initializers.values()) {
      if (ArrayBuffer.isView(data)) weights += data.byteLength;
    }
    this.#networks.set(source.id, { network, weights, maps: undefined });
    const fields = receptiveFields(network.graph, network.input.name);
    const { graph: _graph, classifier: _classifier, layers, ...rest } = network;
    return {
      ...rest,
      id: source.id,
      layers: layers.map((layer) => {
        const field = fields.get(layer.value);
        return { ...layer, hasKernels: hasKernels(layer), ...(field ? { field } : {}) };
      }),
      bytes: bytes.byteLength,
      fetchMs: fetched - began,
      readMs: performance.now() - fetched,
    };
  }

  /** Frees a network and its sessions. */
  async closeNetwork(id: string): Promise<void> {
    const open = this.#networks.get(id);
    this.#networks.delete(id);
    await open?.maps?.dispose().catch(() => undefined);
  }

  /** Decodes and keeps an image. */
  async openImage(job: Job, source: ImageSource): Promise<ImageSummary> {
    const pixels = await this.#host.readImage(source, job);
    job.check();
    this.#images.set(source.id, pixels);
    return { id: source.id, width: pixels.width, height: pixels.height };
  }

  /** Frees an image. */
  closeImage(id: string): void {
    this.#images.delete(id);
  }

  /** Weights of a layer as pictures. */
  kernels(network: string, layer: string): Kernels {
    return kernels(this.#open(network).network, layer);
  }

  /** Chooses the backend. */
  useBackend(job: Job, choice: BackendChoice): Promise<BackendReport> {
    return this.#backends.use(choice, job);
  }

  /** Activations of one image; goes on with the next backend when the device is lost meanwhile. */
  async activations(job: Job, request: ActivationRequest): Promise<Activations> {
    const began = performance.now();
    const open = this.#open(request.network);
    const { network } = open;
    const [channels, height, width] = network.input.shape;
    const pixels =
      typeof request.image === 'string'
        ? this.#image(request.image)
        : this.#host.readFrame(request.image);
    const crop = cropToInput(pixels, height, width);
    const input = toInput(crop, channels, network.preprocessing);
    const ready = performance.now();
    const wanted = request.layers.map((id) => findLayer(network, id));
    const values = new Set(wanted.map(({ value }) => value));
    if (request.scores && network.logits) values.add(network.logits.value);
    const { results, report, everyLayer } = await this.#read(
      job,
      open,
      input,
      (every) => (request.strengths && every ? network.layers.map(({ value }) => value) : []),
      [...values],
    );
    const ran = performance.now();
    job.check();
    const layers = wanted.map(({ id, value }) => {
      const activation = results.get(value)!;
      const single = { ...activation, shape: activation.shape.slice(1) };
      return { layer: id, activation: single, statistics: channelStatistics(single) };
    });
    const logits = network.logits && results.get(network.logits.value);
    return {
      layers,
      ...(request.scores && logits ? { logits: logits.data.slice() } : {}),
      ...(request.strengths && everyLayer
        ? {
            strengths: Object.fromEntries(
              network.layers.map(({ id, value }) => [id, rootMeanSquare(results.get(value)!.data)]),
            ),
          }
        : {}),
      crop: { ...crop, data: crop.data.slice() },
      backend: report,
      timing: { input: ready - began, run: ran - ready, total: performance.now() - began },
    };
  }

  async #read(
    job: Job,
    open: OpenNetwork,
    input: TensorData<'float32'>,
    more: (everyLayer: boolean) => readonly string[],
    values: readonly string[],
  ): Promise<{
    results: Map<string, TensorData<'float32'>>;
    report: BackendReport;
    everyLayer: boolean;
  }> {
    for (;;) {
      const { runtime, report } = await this.#backends.runtime(job);
      job.check();
      if (!open.maps) job.report({ stage: 'compile', what: open.network.title });
      open.maps ??= new FeatureMaps(open.network, runtime.executor);
      const { everyLayer } = open.maps;
      try {
        const all = [...new Set([...values, ...more(everyLayer)])];
        return { results: await open.maps.read(input, all), report, everyLayer };
      } catch (error) {
        if (!(error instanceof LensError) || error.code !== 'E_BACKEND_LOST') throw error;
        // The list of backends is finite and a lost one is not tried again, so this ends.
        this.#backends.reportLoss();
      }
    }
  }

  /** What is held at the moment. */
  memory(): MemoryReport {
    let weights = 0;
    for (const open of this.#networks.values()) weights += open.weights;
    return {
      wasm: this.#host.wasmBytes(),
      weights,
      sessions: this.#backends.sessions,
      networks: this.#networks.size,
      images: this.#images.size,
    };
  }

  #open(id: string): OpenNetwork {
    const open = this.#networks.get(id);
    if (!open) throw new LensError('E_ARGUMENT', `No network "${id}" is open. Open it first.`);
    return open;
  }

  #image(id: string): Pixels {
    const image = this.#images.get(id);
    if (!image) throw new LensError('E_ARGUMENT', `No image "${id}" is open. Open it first.`);
    return image;
  }
}

function rootMeanSquare(data: Float32Array): number {
  let squares = 0;
  for (const value of data) squares += value * value;
  return Math.sqrt(squares / data.length);
}
