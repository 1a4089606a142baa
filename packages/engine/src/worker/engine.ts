import { describeNetwork, type Network } from '@convlens/adapters';
import { hasKernels, kernels, receptiveFields, type Kernels } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { LensError, read, type Graph } from '@convlens/onnx';
import type {
  ActivationRequest,
  Activations,
  Attribution,
  AttributionRequest,
  BackendChoice,
  BackendReport,
  GraphRequest,
  GraphResult,
  ImageSource,
  ImageSummary,
  LabAnswer,
  LabJob,
  MeasureAnswer,
  MeasureRequest,
  MemoryReport,
  NetworkSource,
  NetworkSummary,
  ProjectionRequest,
  Projections,
  RecipeRequest,
  RecipeResult,
  RankingAnswer,
  RankingRequest,
} from '../shared/api.js';
import type { Compute } from './compute.js';
import type { Job } from './jobs.js';

/** What the engine needs from where it runs: a worker of a page, or Node. */
export interface EngineHost {
  /** Bytes of a network's file, and of the files with its external weights by location. */
  readNetwork(
    source: NetworkSource,
    job: Job,
  ): Promise<{ bytes: Uint8Array; externalData?: ReadonlyMap<string, Uint8Array> }>;
  readImage(source: ImageSource, job: Job): Promise<Pixels>;
  readFrame(frame: ImageBitmap): Promise<Pixels>;
  /** The part that runs networks; loaded once, when it is first needed. */
  loadCompute(): Promise<Compute>;
  /** Bytes of WebAssembly memory in use. */
  wasmBytes(): number;
}

interface OpenNetwork {
  readonly network: Network;
  /** Bytes of its weights. */
  readonly weights: number;
}

/** Everything behind the worker's border: networks, images and the backend that runs them. */
export class Engine {
  readonly #host: EngineHost;
  readonly #networks = new Map<string, OpenNetwork>();
  readonly #images = new Map<string, Pixels>();
  #loading: Promise<Compute> | undefined;
  #compute: Compute | undefined;

  /** @param host where it runs */
  constructor(host: EngineHost) {
    this.#host = host;
  }

  async #loaded(): Promise<Compute> {
    this.#loading ??= this.#host.loadCompute().catch((cause: unknown) => {
      this.#loading = undefined;
      throw new LensError(
        'E_ENGINE_START',
        'The computing part of the engine could not be loaded. Check the connection and try again.',
        { cause },
      );
    });
    return (this.#compute = await this.#loading);
  }

  /** Fetches, reads and describes a network. No runtime is needed or loaded. */
  async openNetwork(job: Job, source: NetworkSource): Promise<NetworkSummary> {
    const began = performance.now();
    const what = source.knowledge?.title ?? source.id;
    let graph: Graph;
    let size = source.bytes ?? 0;
    let fetched = began;
    if (source.built === undefined) {
      const { bytes, externalData } = await this.#host.readNetwork(source, job);
      fetched = performance.now();
      size = bytes.byteLength;
      job.report({ stage: 'read', what });
      graph = read(bytes, externalData && { externalData });
    } else {
      job.report({ stage: 'read', what });
      const { buildStandard } = await import('@convlens/adapters/builders');
      graph = buildStandard(source.built);
    }
    const network = describeNetwork(graph, source.knowledge);
    job.check();
    await this.closeNetwork(source.id);
    let weights = 0;
    for (const { data } of network.graph.initializers.values()) {
      if (ArrayBuffer.isView(data)) weights += data.byteLength;
    }
    this.#networks.set(source.id, { network, weights });
    const fields = receptiveFields(network.graph, network.input.name);
    const { graph: _graph, classifier: _classifier, layers, ...rest } = network;
    return {
      ...rest,
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

  /** Frees a network and its sessions. */
  async closeNetwork(id: string): Promise<void> {
    const open = this.#networks.get(id);
    this.#networks.delete(id);
    if (open) await this.#compute?.forget(open.network);
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
    return kernels(this.#open(network), layer);
  }

  /** Chooses the backend. */
  async useBackend(job: Job, choice: BackendChoice): Promise<BackendReport> {
    return (await this.#loaded()).use(job, choice);
  }

  /** Activations of one image. */
  async activations(job: Job, request: ActivationRequest): Promise<Activations> {
    const { compute, network, pixels } = await this.#ready(request, job);
    return compute.activations(job, network, pixels, request);
  }

  /** A unit carried back to the pixels. */
  async projections(job: Job, request: ProjectionRequest): Promise<Projections> {
    const { compute, network, pixels } = await this.#ready(request, job);
    return compute.projections(job, network, pixels, request);
  }

  /** The strongest answers of a layer's channels over images of a set. */
  async rankImages(job: Job, request: RankingRequest): Promise<RankingAnswer> {
    const network = this.#open(request.network);
    const compute = await this.#loaded();
    return compute.rankImages(job, network, request, ({ index, ...source }) =>
      this.#host.readImage({ id: String(index), ...source }, job),
    );
  }

  /** Which pixels drove a score. */
  async attribution(job: Job, request: AttributionRequest): Promise<Attribution> {
    const { compute, network, pixels } = await this.#ready(request, job);
    return compute.attribution(job, network, pixels, request);
  }

  /** Follows a recipe. */
  async follow(job: Job, request: RecipeRequest): Promise<RecipeResult> {
    const network = this.#open(request.network);
    const { image, guide } = request;
    const images = {
      ...(image === undefined ? {} : { image: this.#image(image) }),
      ...(guide === undefined ? {} : { guide: this.#image(guide) }),
    };
    return (await this.#loaded()).follow(job, network, images, request);
  }

  /** Runs an experiment of the adversarial lab. */
  async lab<J extends LabJob>(job: Job, request: J): Promise<LabAnswer<J['kind']>> {
    const compute = await this.#loaded();
    const answer: LabAnswer = await compute.lab(job, request, {
      network: (id) => this.#open(id),
      image: (id) => this.#image(id),
    });
    return answer;
  }

  /** Runs a graph that the page brings, once. */
  async runGraph(job: Job, request: GraphRequest): Promise<GraphResult> {
    return (await this.#loaded()).runGraph(job, request);
  }

  /** Measures the backend in use. */
  async measure(job: Job, request: MeasureRequest): Promise<MeasureAnswer> {
    const network = request.kind === 'work' ? this.#open(request.network) : undefined;
    return (await this.#loaded()).measure(job, network, request);
  }

  /** What a request is about. */
  async #ready(
    request: { readonly network: string; readonly image: string | Blob | ImageBitmap },
    job: Job,
  ): Promise<{ compute: Compute; network: Network; pixels: Pixels }> {
    const network = this.#open(request.network);
    const compute = await this.#loaded();
    return { compute, network, pixels: await this.#pixels(request.image, job) };
  }

  async #pixels(image: string | Blob | ImageBitmap, job: Job): Promise<Pixels> {
    if (typeof image === 'string') return this.#image(image);
    if (image instanceof Blob) return this.#host.readImage({ id: 'passing', blob: image }, job);
    return this.#host.readFrame(image);
  }

  /** What is held at the moment. */
  memory(): MemoryReport {
    let weights = 0;
    for (const open of this.#networks.values()) weights += open.weights;
    return {
      wasm: this.#host.wasmBytes(),
      weights,
      sessions: this.#compute?.sessions ?? 0,
      tensors: this.#compute?.tensors ?? 0,
      networks: this.#networks.size,
      images: this.#images.size,
    };
  }

  #open(id: string): Network {
    const open = this.#networks.get(id);
    if (!open) throw new LensError('E_ARGUMENT', `No network "${id}" is open. Open it first.`);
    return open.network;
  }

  #image(id: string): Pixels {
    const image = this.#images.get(id);
    if (!image) throw new LensError('E_ARGUMENT', `No image "${id}" is open. Open it first.`);
    return image;
  }
}
