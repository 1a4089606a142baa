import '../shared/dispose-symbol.js';
import { LensError } from '@convlens/onnx';
import type {
  BackendChoice,
  BackendReport,
  ImageSource,
  MemoryReport,
  NetworkSource,
} from '../shared/api.js';
import type {
  CallOptions,
  EngineCalls,
  ImageHandle,
  NetworkHandle,
  RunOptions,
} from '../shared/engine-calls.js';
import type { ImageId, NetworkId } from '../shared/handles.js';
import type { CallMessage } from '../shared/protocol.js';
import { Calls, type Call } from '../worker/calls.js';
import type { Engine } from '../worker/engine.js';
import type { JobAnswer, JobKind, JobRequest } from '../worker/jobs/table.js';

/** An engine in the same thread: what a terminal and tests use. Each handle is a network or an image of its own. */
export class LocalEngine implements EngineCalls {
  readonly #engine: Engine;
  readonly #listeners = new Map<number, (message: CallMessage) => void>();
  readonly #calls = new Calls((message) => {
    this.#backend = message.backend ?? this.#backend;
    this.#listeners.get(message.call)?.(message);
  });
  #made = 0;
  #backend: BackendReport | undefined;

  /** @param engine that does the work */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The backend that works, or did last. */
  get backend(): BackendReport | undefined {
    return this.#backend;
  }

  /** See `EngineCalls`. */
  async openNetwork(source: NetworkSource, options: CallOptions = {}): Promise<NetworkHandle> {
    const id = `network-${++this.#made}` as NetworkId;
    const summary = await this.#call(options, (call) => this.#engine.openNetwork(call, id, source));
    return { id, summary, [Symbol.dispose]: () => void this.#engine.close(id) };
  }

  /** See `EngineCalls`. */
  async openImage(source: ImageSource, options: CallOptions = {}): Promise<ImageHandle> {
    const id = `image-${++this.#made}` as ImageId;
    const { width, height } = await this.#call(options, (call) =>
      this.#engine.openImage(call, id, source),
    );
    return { id, width, height, [Symbol.dispose]: () => void this.#engine.close(id) };
  }

  /** See `EngineCalls`. */
  run<K extends JobKind>(
    kind: K,
    request: JobRequest<K>,
    options: RunOptions<K> = {},
  ): Promise<JobAnswer<K>> {
    return this.#call(options, (call) => this.#engine.run(call, kind, request), options);
  }

  /** See `EngineCalls`. */
  async useBackend(choice: BackendChoice, options: CallOptions = {}): Promise<BackendReport> {
    const use = (call: Call): Promise<BackendReport> => this.#engine.useBackend(call, choice);
    return (this.#backend = await this.#call(options, use));
  }

  /** See `EngineCalls`. */
  memory(): Promise<MemoryReport> {
    return Promise.resolve(this.#engine.memory());
  }

  async #call<T, K extends JobKind>(
    { signal, onProgress }: CallOptions,
    task: (call: Call) => Promise<T>,
    { onFrame, pause }: Pick<RunOptions<K>, 'onFrame' | 'pause'> = {},
  ): Promise<T> {
    if (signal?.aborted) {
      throw new LensError('E_ABORTED', 'Cancelled.', { cause: signal.reason });
    }
    const id = ++this.#made;
    this.#listeners.set(id, ({ progress, frame }) => {
      if (progress) onProgress?.(progress);
      if (frame !== undefined) onFrame?.(frame as never);
    });
    const cancel = (): void => this.#calls.cancel(id);
    const stop = (): void => this.#calls.pause(id);
    signal?.addEventListener('abort', cancel, { once: true });
    pause?.addEventListener('abort', stop, { once: true });
    try {
      return await this.#calls.run(id, (call) => {
        if (pause?.aborted) stop();
        return task(call);
      });
    } finally {
      this.#listeners.delete(id);
      signal?.removeEventListener('abort', cancel);
      pause?.removeEventListener('abort', stop);
    }
  }
}
