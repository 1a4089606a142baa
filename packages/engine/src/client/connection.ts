import * as Comlink from 'comlink';
import { LensError } from '@convlens/onnx';
import type { EngineConfig } from '../shared/api.js';
import { PROTOCOL_VERSION, type CallMessage, type EngineApi } from '../shared/protocol.js';
import { createWorker, watchForDeath } from './worker.js';

/** How a worker is started. */
export interface StartOptions {
  readonly config: EngineConfig;
  readonly workerUrl?: string | URL | undefined;
  /** Milliseconds the worker may take to answer the first call. */
  readonly limitMs: number;
  /** Given what calls say while they are under way. */
  readonly onMessage: (message: CallMessage) => void;
}

/**
 * One worker with everything that belongs to its life. Whoever waits for an answer of it is told when it ends: waits are a set
 * that each answer leaves, not races with one promise, which would keep every answer as long as the worker lives.
 */
export class Connection {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #waiting = new Set<(error: LensError) => void>();
  readonly #api: Comlink.Remote<EngineApi>;
  #end: LensError | undefined;
  #ended: Promise<unknown> | undefined;

  private constructor(worker: Worker, port: MessagePort) {
    this.#worker = worker;
    this.#port = port;
    this.#api = Comlink.wrap<EngineApi>(worker);
  }

  /**
   * Starts a worker.
   *
   * @throws LensError `E_ENGINE_START` when its script cannot be loaded, fails, is of another version or does not answer
   */
  static async start(options: StartOptions): Promise<Connection> {
    const { config, workerUrl, limitMs, onMessage } = options;
    const worker = createWorker(workerUrl);
    const { port1, port2 } = new MessageChannel();
    const connection = new Connection(worker, port1);
    port1.onmessage = ({ data }: MessageEvent<CallMessage>) => onMessage(data);
    const fail = (why: string): void =>
      connection.end(new LensError('E_ENGINE_START', `The compute worker ${why}`));
    worker.addEventListener('error', ({ message }) => {
      fail(
        `could not be loaded or failed: ${message || 'no reason given'}. ` +
          'Reload the page; if it stays, check that the server has the worker script.',
      );
    });
    const timer = setTimeout(() => {
      fail(`did not answer within ${limitMs / 1000} s. Check the connection and try again.`);
    }, limitMs);
    try {
      const [{ version }, { ended }] = await Promise.all([
        connection.ask((api) => api.start(config, Comlink.transfer(port2, [port2]))),
        watchForDeath(worker),
      ]);
      connection.#ended = ended;
      if (version !== PROTOCOL_VERSION) {
        throw new LensError(
          'E_ENGINE_START',
          `The page speaks engine protocol ${PROTOCOL_VERSION}, the worker ${version}. Reload the page without its cache.`,
        );
      }
      return connection;
    } catch (error) {
      connection.end(error as LensError);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether the worker is gone. */
  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Calls that wait for an answer. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Calls back when the worker was ended from outside: by the browser, or by itself.
   *
   * @param lost called then
   */
  watch(lost: () => void): void {
    void this.#ended?.then(lost);
  }

  /**
   * Asks the worker for something.
   *
   * @param send the call
   * @throws LensError as the worker does, or the reason why it has ended
   */
  ask<T>(send: (api: Comlink.Remote<EngineApi>) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#end) {
        reject(this.#end);
        return;
      }
      this.#waiting.add(reject);
      const done = (): void => void this.#waiting.delete(reject);
      send(this.#api).then(resolve, reject).then(done, done);
    });
  }

  /** Ends the worker: the only way to give WebAssembly memory back. Whoever waits is told the reason. */
  end(reason: LensError): void {
    if (this.#end) return;
    this.#end = reason;
    this.#worker.terminate();
    this.#port.close();
    for (const reject of this.#waiting) reject(reason);
    this.#waiting.clear();
  }
}
