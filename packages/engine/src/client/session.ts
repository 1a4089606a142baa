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
import type { JobAnswer, JobKind, JobRequest } from '../worker/jobs/table.js';

/** Why a call was ended: something newer takes its place. It may take its time to stop. */
export const SUPERSEDED: LensError = new LensError('E_ABORTED', 'Something newer was asked for.');

/**
 * One element's part of an engine that many share. What the element has opened and what is under way for it belongs to its
 * session, and all of it is given back with the session.
 */
export class EngineSession implements EngineCalls, Disposable {
  readonly #engine: EngineCalls;
  readonly #ended: () => void;
  readonly #handles = new Set<Disposable>();
  readonly #calls = new Set<AbortController>();
  #isOver = false;

  /**
   * @param engine that does the work
   * @param ended told when the session is over
   */
  constructor(engine: EngineCalls, ended: () => void = () => undefined) {
    this.#engine = engine;
    this.#ended = ended;
  }

  /** The backend that works, or did last. */
  get backend(): BackendReport | undefined {
    return this.#engine.backend;
  }

  /** Handles that are held. */
  get handles(): number {
    return this.#handles.size;
  }

  /** See `EngineCalls`; given back with the session at the latest. */
  async openNetwork(source: NetworkSource, options: CallOptions = {}): Promise<NetworkHandle> {
    const handle = await this.#call(options, (own) => this.#engine.openNetwork(source, own));
    const { id, summary } = handle;
    return { id, summary, [Symbol.dispose]: this.#hold(handle) };
  }

  /** See `EngineCalls`; given back with the session at the latest. */
  async openImage(source: ImageSource, options: CallOptions = {}): Promise<ImageHandle> {
    const handle = await this.#call(options, (own) => this.#engine.openImage(source, own));
    const { id, width, height } = handle;
    return { id, width, height, [Symbol.dispose]: this.#hold(handle) };
  }

  /** See `EngineCalls`. */
  run<K extends JobKind>(
    kind: K,
    request: JobRequest<K>,
    options: RunOptions<K> = {},
  ): Promise<JobAnswer<K>> {
    return this.#call(options, (own) => this.#engine.run(kind, request, own));
  }

  /** See `EngineCalls`. */
  useBackend(choice: BackendChoice, options: CallOptions = {}): Promise<BackendReport> {
    return this.#call(options, (own) => this.#engine.useBackend(choice, own));
  }

  /** See `EngineCalls`. */
  memory(): Promise<MemoryReport> {
    return this.#engine.memory();
  }

  /** Takes a handle into the session; the way to give it back before. */
  #hold(handle: Disposable): () => void {
    if (this.#isOver) {
      handle[Symbol.dispose]();
      throw over();
    }
    this.#handles.add(handle);
    return () => {
      if (this.#handles.delete(handle)) handle[Symbol.dispose]();
    };
  }

  async #call<T, O extends CallOptions>(options: O, send: (options: O) => Promise<T>): Promise<T> {
    if (this.#isOver) throw over();
    const { signal } = options;
    const controller = new AbortController();
    const abort = (): void => controller.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    this.#calls.add(controller);
    try {
      return await send({ ...options, signal: controller.signal });
    } finally {
      this.#calls.delete(controller);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Ends what is under way and gives back what is open. Later calls end with `E_ABORTED`. */
  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const controller of this.#calls) controller.abort(SUPERSEDED);
    for (const handle of this.#handles) handle[Symbol.dispose]();
    this.#handles.clear();
    this.#ended();
  }
}

const over = (): LensError => new LensError('E_ABORTED', 'The session is over.');
