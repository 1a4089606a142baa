import * as Comlink from 'comlink';
import type { Kernels } from '@convlens/core';
import { LensError } from '@convlens/onnx';
import {
  PROTOCOL_VERSION,
  type ActivationRequest,
  type Activations,
  type Attribution,
  type AttributionRequest,
  type BackendChoice,
  type BackendReport,
  type EngineApi,
  type GraphRequest,
  type GraphResult,
  type ImageSource,
  type ImageSummary,
  type LabAnswer,
  type LabJob,
  type MeasureAnswer,
  type MeasureRequest,
  type MemoryReport,
  type NetworkSource,
  type NetworkSummary,
  type Progress,
  type ProjectionRequest,
  type Projections,
  type RecipeRequest,
  type RecipeResult,
  type RankingAnswer,
  type RankingRequest,
} from '../shared/api.js';
import { installErrorHandler } from '../shared/comlink-errors.js';
import { createWorker, watchForDeath } from './worker.js';

installErrorHandler();

/** How to start an engine. */
export interface EngineOptions {
  /** Folder with ONNX Runtime's .mjs and .wasm files; relative to the page. */
  readonly runtimeBase: string | URL;
  /** Address of the bundled worker script; by default the one beside this module. */
  readonly workerUrl?: string | URL;
  /** Threads of the WASM backend; by default what the machine has, at most 4. */
  readonly threads?: number;
  /** Find out which convolutions are fastest on this device, while nothing is asked of it; true by default. */
  readonly tune?: boolean;
  /** `half`: feature maps in float16 on GPUs that have it, right to about 1 %; float32 by default. */
  readonly precision?: 'half';
  /** Milliseconds the worker may take to answer the first call. */
  readonly startLimitMs?: number;
}

/** Options of every call that takes a while. */
export interface CallOptions {
  /** Ends the call with `E_ABORTED`. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Fired on the client when the worker had to be started again; networks and images are open in the new one. */
export class EngineRecoveredEvent extends Event {
  static readonly type = 'recovered';
  /** What happened, for people. */
  readonly reason: string;

  /** @param reason what happened, for people */
  constructor(reason: string) {
    super(EngineRecoveredEvent.type);
    this.reason = reason;
  }
}

/** One worker with everything that belongs to its life. */
interface Connection {
  readonly worker: Worker;
  readonly api: Comlink.Remote<EngineApi>;
  readonly progress: MessagePort;
  /** Rejects when the worker is gone. */
  readonly death: Promise<never>;
  readonly kill: (reason: LensError) => void;
}

/**
 * The page's side of the engine. Starts the worker with the first call, passes on progress, cancels, and when the
 * worker dies starts another, opens the same networks and images in it and repeats the calls that were under way.
 */
export class EngineClient extends EventTarget {
  readonly #options: EngineOptions;
  #connection: Promise<Connection> | undefined;
  #jobs = 0;
  #deaths = 0;
  #backend: BackendReport | undefined;
  #choice: BackendChoice = 'auto';
  #closed = false;
  readonly #listeners = new Map<number, (progress: Progress) => void>();
  readonly #networks = new Map<string, NetworkSource>();
  readonly #images = new Map<string, ImageSource>();

  /** @param options where the worker finds its files */
  constructor(options: EngineOptions) {
    super();
    this.#options = options;
  }

  /** The backend that works, or did last. */
  get backend(): BackendReport | undefined {
    return this.#backend;
  }

  /** Opens a network; one with the same id is replaced. The source is kept, to open it again after a crash. */
  async openNetwork(source: NetworkSource, options: CallOptions = {}): Promise<NetworkSummary> {
    const { id } = source;
    try {
      const summary = await this.#call((api, job) => api.openNetwork(job, source), options);
      this.#networks.set(id, source);
      return summary;
    } catch (error) {
      // Cancelled just as the worker was done: nobody will ask for it, so it must not stay open there.
      if (options.signal?.aborted && !this.#networks.has(id)) {
        void this.#call((api) => api.closeNetwork(id)).catch(() => undefined);
      }
      throw error;
    }
  }

  /** Frees a network. */
  async closeNetwork(id: string): Promise<void> {
    this.#networks.delete(id);
    await this.#call((api) => api.closeNetwork(id));
  }

  /** Opens an image; one with the same id is replaced. */
  async openImage(source: ImageSource, options: CallOptions = {}): Promise<ImageSummary> {
    const summary = await this.#call((api, job) => api.openImage(job, source), options);
    this.#images.set(source.id, source);
    return summary;
  }

  /** Frees an image. */
  async closeImage(id: string): Promise<void> {
    this.#images.delete(id);
    await this.#call((api) => api.closeImage(id));
  }

  /** Weights of a layer as pictures; needs no runtime. */
  kernels(network: string, layer: string, options: CallOptions = {}): Promise<Kernels> {
    return this.#call((api, job) => api.kernels(job, network, layer), options);
  }

  /** Chooses the backend; loads its runtime. */
  async useBackend(choice: BackendChoice, options: CallOptions = {}): Promise<BackendReport> {
    this.#choice = choice;
    return (this.#backend = await this.#call((api, job) => api.useBackend(job, choice), options));
  }

  /** Activations of one image. A frame given as a bitmap is moved to the worker. */
  async activations(request: ActivationRequest, options: CallOptions = {}): Promise<Activations> {
    const frame = typeof request.image === 'string' ? [] : [request.image];
    const answer = await this.#call(
      (api, job) => api.activations(job, Comlink.transfer(request, frame)),
      options,
      // A frame has moved into the worker that died: the next frame is the retry.
      frame.length === 0,
    );
    this.#backend = answer.backend;
    return answer;
  }

  /** A unit carried back to the pixels. A frame given as a bitmap is moved to the worker. */
  projections(request: ProjectionRequest, options: CallOptions = {}): Promise<Projections> {
    const { image } = request;
    const frame = typeof image === 'string' || image instanceof Blob ? [] : [image];
    return this.#call(
      (api, job) => api.projections(job, Comlink.transfer(request, frame)),
      options,
      frame.length === 0,
    );
  }

  /**
   * The strongest answers of a layer's channels over images of a set. The ranking is the caller's: a large set is ranked
   * in several calls, and one that was cancelled or lost is made again.
   */
  rankImages(request: RankingRequest, options: CallOptions = {}): Promise<RankingAnswer> {
    return this.#call((api, job) => api.rankImages(job, request), options);
  }

  /** Which pixels drove a score. */
  attribution(request: AttributionRequest, options: CallOptions = {}): Promise<Attribution> {
    return this.#call((api, job) => api.attribution(job, request), options);
  }

  /**
   * Follows a recipe. When the worker dies it goes on from the last frame that carried its state.
   *
   * @param request what to make
   * @param options progress brings frames; `pause` stops it after its step, and it answers with where it is
   * @throws LensError `E_ABORTED` when cancelled; as the engine does
   */
  async follow(
    request: RecipeRequest,
    options: CallOptions & { readonly pause?: AbortSignal } = {},
  ): Promise<RecipeResult> {
    const { pause, onProgress, ...rest } = options;
    let { state } = request;
    const watch = (progress: Progress): void => {
      state = progress.frame?.state ?? state;
      onProgress?.(progress);
    };
    const answer = await this.#call(
      (api, job) => {
        const stop = (): void => void api.pause(job).catch(() => undefined);
        if (pause?.aborted) stop();
        pause?.addEventListener('abort', stop, { once: true });
        return api.follow(job, state ? { ...request, state } : request);
      },
      { ...rest, onProgress: watch },
    );
    this.#backend = answer.backend;
    return answer;
  }

  /** Runs an experiment of the adversarial lab. When the worker dies it begins anew. */
  async lab<J extends LabJob>(
    request: J,
    options: CallOptions = {},
  ): Promise<LabAnswer<J['kind']>> {
    const send = (api: Comlink.Remote<EngineApi>, job: number): Promise<LabAnswer> =>
      api.lab(job, request);
    const answer = await this.#call(send, options);
    this.#backend = answer.backend;
    return answer;
  }

  /** Runs a graph that the page brings, once: for checks of a backend, and for research. */
  runGraph(request: GraphRequest, options: CallOptions = {}): Promise<GraphResult> {
    return this.#call((api, job) => api.runGraph(job, request), options);
  }

  /** Measures the backend in use. A worker that dies meanwhile is not asked again: the next one may be another backend. */
  measure(request: MeasureRequest, options: CallOptions = {}): Promise<MeasureAnswer> {
    return this.#call((api, job) => api.measure(job, request), options, false);
  }

  /** What the engine holds at the moment. */
  memory(): Promise<MemoryReport> {
    return this.#call((api) => api.memory());
  }

  /** Ends the worker: the only way to give WebAssembly memory back. Calls under way end with `E_ABORTED`. */
  async close(): Promise<void> {
    this.#closed = true;
    const connection = await this.#connection?.catch(() => undefined);
    connection?.kill(new LensError('E_ABORTED', 'The engine was closed.'));
  }

  async #call<T>(
    send: (api: Comlink.Remote<EngineApi>, job: number) => Promise<T>,
    { signal, onProgress }: CallOptions = {},
    retry = true,
  ): Promise<T> {
    const aborted = (): LensError => new LensError('E_ABORTED', 'Cancelled.');
    if (signal?.aborted) throw aborted();
    const job = ++this.#jobs;
    let connection: Connection;
    if (onProgress) this.#listeners.set(job, onProgress);
    try {
      connection = await this.#connect();
      const { api, death } = connection;
      const cancel = (): void => void api.cancel(job).catch(() => undefined);
      const abort = new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => {
          cancel();
          reject(aborted());
        });
      });
      abort.catch(() => undefined);
      return await Promise.race([send(api, job), death, abort]);
    } catch (error) {
      if (retry && error instanceof LensError && error.code === 'E_ENGINE_LOST' && !this.#closed) {
        return await this.#call(
          send,
          { ...(signal && { signal }), ...(onProgress && { onProgress }) },
          false,
        );
      }
      throw error;
    } finally {
      this.#listeners.delete(job);
    }
  }

  #connect(): Promise<Connection> {
    if (this.#closed) throw new LensError('E_ABORTED', 'The engine was closed.');
    this.#connection ??= this.#start().catch((error: unknown) => {
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
  }

  async #start(): Promise<Connection> {
    const { runtimeBase, workerUrl, threads, tune, precision } = this.#options;
    const { startLimitMs = 30_000 } = this.#options;
    const worker = createWorker(workerUrl);
    let kill: (reason: LensError) => void = () => undefined;
    const death = new Promise<never>((_, reject) => {
      kill = (reason) => {
        worker.terminate();
        reject(reason);
      };
    });
    death.catch(() => undefined);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }: MessageEvent<Progress>) => {
      this.#backend = data.backend ?? this.#backend;
      this.#listeners.get(data.job)?.(data);
    };
    worker.addEventListener('error', (event) => {
      kill(
        new LensError(
          'E_ENGINE_START',
          `The compute worker could not be loaded or failed: ${event.message || 'no reason given'}. ` +
            'Reload the page; if it stays, check that the server has the worker script.',
        ),
      );
    });
    const timer = setTimeout(() => {
      kill(
        new LensError(
          'E_ENGINE_START',
          `The compute worker did not answer within ${startLimitMs / 1000} s.`,
        ),
      );
    }, startLimitMs);
    const api = Comlink.wrap<EngineApi>(worker);
    const config = {
      runtimeBase: new URL(runtimeBase, document.baseURI).href,
      ...(threads === undefined ? {} : { threads }),
      ...(tune === undefined ? {} : { tune }),
      ...(precision === undefined ? {} : { precision }),
    };
    try {
      const started = api.start(config, Comlink.transfer(port2, [port2]));
      const { version } = await Promise.race([started, death]);
      if (version !== PROTOCOL_VERSION) {
        throw new LensError(
          'E_ENGINE_START',
          `The page speaks engine protocol ${PROTOCOL_VERSION}, the worker ${version}. Reload the page without its cache.`,
        );
      }
      const connection: Connection = { worker, api, progress: port1, death, kill };
      await Promise.race([this.#restore(api), death]);
      void watchForDeath(worker).then(() => this.#lost(connection));
      return connection;
    } catch (error) {
      worker.terminate();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Opens in a new worker what was open in the one before. */
  async #restore(api: Comlink.Remote<EngineApi>): Promise<void> {
    if (this.#deaths === 0) return;
    // What was running when the worker died may be why: the next one goes on with plain WASM.
    const gpu = this.#backend?.backend === 'webgpu' || this.#backend?.backend === 'webgl';
    const choice = gpu ? 'wasm' : this.#choice;
    for (const source of this.#networks.values()) await api.openNetwork(++this.#jobs, source);
    for (const source of this.#images.values()) await api.openImage(++this.#jobs, source);
    if (this.#backend) this.#backend = await api.useBackend(++this.#jobs, choice);
  }

  #lost(connection: Connection): void {
    if (this.#closed) return;
    const reason = 'The compute worker stopped (out of memory, or ended by the browser).';
    this.#deaths++;
    this.#connection = undefined;
    connection.kill(new LensError('E_ENGINE_LOST', `${reason} It is started again.`));
    this.#connect().then(
      () => this.dispatchEvent(new EngineRecoveredEvent(reason)),
      () => undefined,
    );
  }
}
