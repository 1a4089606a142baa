import * as Comlink from 'comlink';
import { LensError } from '@convlens/onnx';
import type {
  BackendChoice,
  BackendReport,
  ImageSource,
  ImageSummary,
  MemoryReport,
  NetworkSource,
  NetworkSummary,
  Progress,
  RecipeRequest,
} from '../shared/api.js';
import { installErrorHandler } from '../shared/comlink-errors.js';
import type {
  CallOptions,
  EngineCalls,
  ImageHandle,
  NetworkHandle,
  RunOptions,
} from '../shared/engine-calls.js';
import type { ImageId, NetworkId } from '../shared/handles.js';
import type { CallMessage, EngineApi } from '../shared/protocol.js';
import type { JobAnswer, JobKind, JobRequest } from '../worker/jobs/table.js';
import { Connection } from './connection.js';
import { Counted } from './counted.js';
import { EngineSession, SUPERSEDED } from './session.js';
import { networkKey } from './source-key.js';
import { untilAborted } from './until-aborted.js';

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
  /** Milliseconds the worker may take to answer the first call; 30,000 by default. */
  readonly startLimitMs?: number;
  /** Milliseconds the worker may take to notice that a call was cancelled; then it is ended. 2,000 by default. */
  readonly cancelLimitMs?: number;
  /** The same for a call whose place something newer takes: 15,000 by default. */
  readonly supersedeLimitMs?: number;
  /** Milliseconds after the last session is over until the worker is ended; 20,000 by default. */
  readonly idleMs?: number;
}

const LIMITS = {
  startLimitMs: 30_000,
  cancelLimitMs: 2_000,
  supersedeLimitMs: 15_000,
  idleMs: 20_000,
};

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

/** What is told of a call while it is under way. */
interface Listener {
  readonly progress?: ((progress: Progress) => void) | undefined;
  readonly frame?: ((frame: never) => void) | undefined;
}

type Send<T> = (api: Comlink.Remote<EngineApi>, call: number) => Promise<T>;

const aborted = (signal: AbortSignal): LensError =>
  new LensError('E_ABORTED', 'Cancelled.', { cause: signal.reason });

/**
 * The page's side of the engine. Starts the worker with the first call, passes on progress, cancels, and when the
 * worker dies starts another, opens the same networks and images in it and repeats the calls that were under way.
 */
export class EngineClient extends EventTarget implements EngineCalls {
  readonly #options: EngineOptions;
  #connection: Promise<Connection> | undefined;
  #calls = 0;
  /** The worker before has not ended in peace. */
  #lost = false;
  #backend: BackendReport | undefined;
  #choice: BackendChoice = 'auto';
  #closed = false;
  #sessions = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Map<number, Listener>();
  readonly #networks: Counted<NetworkId, NetworkSource, NetworkSummary>;
  readonly #images: Counted<ImageId, ImageSource, ImageSummary>;

  /** @param options where the worker finds its files */
  constructor(options: EngineOptions) {
    super();
    this.#options = options;
    this.#networks = new Counted<NetworkId, NetworkSource, NetworkSummary>(
      'network',
      (id, source, options) =>
        this.#call((api, call) => api.openNetwork(call, id, source), options),
      (id) => this.#close(id),
      networkKey,
    );
    this.#images = new Counted<ImageId, ImageSource, ImageSummary>(
      'image',
      (id, source, options) => this.#call((api, call) => api.openImage(call, id, source), options),
      (id) => this.#close(id),
      ({ url }) => url,
    );
  }

  /** The backend that works, or did last. */
  get backend(): BackendReport | undefined {
    return this.#backend;
  }

  /** Sessions that are not over. */
  get sessions(): number {
    return this.#sessions;
  }

  /** A session: what an element opens and asks for, given back together. */
  session(): EngineSession {
    this.#sessions++;
    clearTimeout(this.#idle);
    return new EngineSession(this, () => {
      if (--this.#sessions === 0) this.#rest();
    });
  }

  /** See `EngineCalls`. */
  async openNetwork(source: NetworkSource, options: CallOptions = {}): Promise<NetworkHandle> {
    const { id, summary, release } = await this.#networks.acquire(source, options);
    return { id, summary, [Symbol.dispose]: release };
  }

  /** See `EngineCalls`. */
  async openImage(source: ImageSource, options: CallOptions = {}): Promise<ImageHandle> {
    const { id, summary, release } = await this.#images.acquire(source, options);
    return { id, width: summary.width, height: summary.height, [Symbol.dispose]: release };
  }

  #close(id: NetworkId | ImageId): void {
    // Nothing is open in a worker that has not started.
    const connection = this.#connection;
    void connection?.then((live) => live.ask((api) => api.close(id))).catch(() => undefined);
  }

  /** Chooses the backend; loads its runtime. */
  async useBackend(choice: BackendChoice, options: CallOptions = {}): Promise<BackendReport> {
    this.#choice = choice;
    const send: Send<BackendReport> = (api, call) => api.useBackend(call, choice);
    return (this.#backend = await this.#call(send, options));
  }

  /** See `EngineCalls`. When the worker dies, a recipe goes on from its last frame that carried its state; other jobs begin anew. */
  async run<K extends JobKind>(
    kind: K,
    request: JobRequest<K>,
    options: RunOptions<K> = {},
  ): Promise<JobAnswer<K>> {
    const { pause, onFrame, ...rest } = options;
    // Moved, and gone in the worker that died: the next frame of the camera is the retry.
    const moved = Object.values(request as object).filter((part) => part instanceof ImageBitmap);
    let resumed: unknown = request;
    const frame = (frame: JobFrameLike): void => {
      if (frame.state !== undefined)
        resumed = { ...(request as RecipeRequest), state: frame.state };
      onFrame?.(frame as never);
    };
    let stop: (() => void) | undefined;
    const send: Send<unknown> = (api, call) => {
      if (stop) pause?.removeEventListener('abort', stop);
      stop = () => void api.pause(call).catch(() => undefined);
      if (pause?.aborted) stop();
      pause?.addEventListener('abort', stop, { once: true });
      return api.run(call, kind, Comlink.transfer(resumed, moved));
    };
    try {
      // The worker's row of this kind answers what the table says.
      return (await this.#call(send, rest, { frame, retry: moved.length === 0 })) as JobAnswer<K>;
    } finally {
      if (stop) pause?.removeEventListener('abort', stop);
    }
  }

  /** What the engine holds at the moment. */
  memory(): Promise<MemoryReport> {
    return this.#call((api) => api.memory(), {});
  }

  /** Ends the worker: the only way to give WebAssembly memory back. Calls under way end with `E_ABORTED`. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idle);
    const connection = await this.#connection?.catch(() => undefined);
    connection?.end(new LensError('E_ABORTED', 'The engine was closed.'));
  }

  async #call<T>(
    send: Send<T>,
    { signal, onProgress }: CallOptions,
    { frame, retry = true }: { frame?: Listener['frame']; retry?: boolean } = {},
  ): Promise<T> {
    if (signal?.aborted) throw aborted(signal);
    const call = ++this.#calls;
    if (onProgress || frame) this.#listeners.set(call, { progress: onProgress, frame });
    const connection = await untilAborted(this.#connect(), signal).catch((error: unknown) => {
      this.#listeners.delete(call);
      throw error;
    });
    try {
      return await this.#ask(connection, call, send, signal);
    } catch (error) {
      if (error instanceof LensError && error.code === 'E_RUNTIME_OVERFLOW') {
        this.#restart(connection, 'A network needed more memory than the runtime has.');
      }
      if (error instanceof LensError && error.code === 'E_ENGINE_START')
        this.#leave(connection, error);
      const isLost = error instanceof LensError && error.code === 'E_ENGINE_LOST';
      if (!retry || !isLost || this.#closed) throw error;
    } finally {
      this.#listeners.delete(call);
    }
    return this.#call(send, { signal, onProgress }, { frame, retry: false });
  }

  /** Asks a worker; a signal ends the wait at once, and the worker where it does not notice. */
  async #ask<T>(
    connection: Connection,
    call: number,
    send: Send<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const answer = connection.ask((api) => send(api, call));
    const cancel = (): void => void this.#cancel(connection, call, signal?.reason);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await untilAborted(answer, signal);
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Tells the worker that a call is cancelled. One that does not even hear it is caught in its work, and is ended. */
  async #cancel(connection: Connection, call: number, reason: unknown): Promise<void> {
    const { cancelLimitMs, supersedeLimitMs } = { ...LIMITS, ...this.#options };
    const limit = reason === SUPERSEDED ? supersedeLimitMs : cancelLimitMs;
    const timer = setTimeout(() => {
      this.#restart(connection, 'The compute worker did not stop when it was told to.');
    }, limit);
    await connection.ask((api) => api.cancel(call)).catch(() => undefined);
    clearTimeout(timer);
  }

  #connect(): Promise<Connection> {
    if (this.#closed) {
      return Promise.reject(new LensError('E_ABORTED', 'The engine was closed.'));
    }
    this.#connection ??= this.#start().catch((error: unknown) => {
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
  }

  async #start(): Promise<Connection> {
    const { runtimeBase, workerUrl, threads, tune, precision } = this.#options;
    const { startLimitMs: limitMs } = { ...LIMITS, ...this.#options };
    const config = {
      runtimeBase: new URL(runtimeBase, document.baseURI).href,
      ...(threads === undefined ? {} : { threads }),
      ...(tune === undefined ? {} : { tune }),
      ...(precision === undefined ? {} : { precision }),
    };
    const onMessage = ({ call, progress, frame, backend }: CallMessage): void => {
      this.#backend = backend ?? this.#backend;
      const listener = this.#listeners.get(call);
      if (progress) listener?.progress?.(progress);
      if (frame !== undefined) listener?.frame?.(frame as never);
    };
    const connection = await Connection.start({ config, workerUrl, limitMs, onMessage });
    connection.watch(() => {
      this.#restart(
        connection,
        'The compute worker stopped (out of memory, or ended by the browser).',
      );
    });
    await this.#restore(connection);
    return connection;
  }

  /** Opens in a new worker what was open in the one before. What cannot be opened again does not keep the rest from it. */
  async #restore(connection: Connection): Promise<void> {
    // What was running when the worker died may be why: the next one goes on with plain WASM.
    const gpu = this.#backend?.backend === 'webgpu' || this.#backend?.backend === 'webgl';
    const choice = this.#lost && gpu ? 'wasm' : this.#choice;
    const isChosen = this.#lost || choice !== 'auto';
    this.#lost = false;
    const again = async (send: Send<unknown>): Promise<void> => {
      await connection
        .ask((api) => send(api, ++this.#calls))
        .catch((error: unknown) => {
          if (connection.ended) throw error;
        });
    };
    for (const { id, source } of this.#networks.open) {
      await again((api, call) => api.openNetwork(call, id, source));
    }
    for (const { id, source } of this.#images.open) {
      await again((api, call) => api.openImage(call, id, source));
    }
    if (!this.#backend || !isChosen) return;
    await again(async (api, call) => (this.#backend = await api.useBackend(call, choice)));
  }

  /** Ends a worker and starts another in its place. */
  #restart(connection: Connection, reason: string): void {
    if (this.#closed || connection.ended) return;
    this.#lost = true;
    this.#connection = undefined;
    connection.end(new LensError('E_ENGINE_LOST', `${reason} It is started again.`));
    this.#connect().then(
      () => this.dispatchEvent(new EngineRecoveredEvent(reason)),
      // Said by whoever asks for something next.
      () => undefined,
    );
  }

  /** Ends a worker that cannot have all of its parts: whoever tries again needs another, which asks for them anew. */
  #leave(connection: Connection, reason: LensError): void {
    if (connection.ended) return;
    this.#lost = true;
    this.#connection = undefined;
    connection.end(reason);
  }

  /** Nobody is there: after a while the worker is ended, which gives its memory back. The next call starts another. */
  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(
      () => {
        void this.#connection?.then(
          (connection) => {
            const isUsed = connection.waiting + this.#networks.size + this.#images.size > 0;
            if (this.#sessions > 0 || isUsed || this.#closed) return;
            this.#connection = undefined;
            connection.end(new LensError('E_ABORTED', 'The engine rests.'));
          },
          () => undefined,
        );
      },
      { ...LIMITS, ...this.#options }.idleMs,
    );
  }
}

/** A frame from which a job can go on. */
interface JobFrameLike {
  readonly state?: unknown;
}
