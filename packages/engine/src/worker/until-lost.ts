import type { Held, HoldingProgram, Precision, Program } from '@convlens/core';
import { LensError, type Graph, type TensorData } from '@convlens/onnx';
import type { CountingExecutor } from './runtime.js';

/**
 * An executor whose calls end when its device is lost. Runtimes wait for a lost device for ever: a buffer of a GPU process that
 * has crashed is never mapped, and a fence of a lost context never passed.
 */
export class UntilLost implements CountingExecutor {
  readonly #executor: CountingExecutor;
  /** Ends the calls that are under way. Not a race with one promise, which would keep every result as long as it lives. */
  readonly #waiting = new Set<(error: LensError) => void>();
  #isLost = false;
  /** See `Executor`; there where the runtime has it. */
  readonly prepareHolding?: (graph: Graph) => Promise<HoldingProgram>;

  /** @param executor what runs graphs */
  constructor(executor: CountingExecutor) {
    this.#executor = executor;
    if (executor.prepareHolding) {
      this.prepareHolding = (graph) => this.#prepareHolding(() => executor.prepareHolding!(graph));
    }
  }

  /** Tells that the device is gone: calls under way, and all later ones, fail with `E_BACKEND_LOST`. */
  lose(): void {
    this.#isLost = true;
    for (const end of this.#waiting) end(loss());
  }

  /** Programs that are alive. */
  get sessions(): number {
    return this.#executor.sessions;
  }

  /** Tensors that are alive, where the library tells. */
  get tensors(): number {
    return this.#executor.tensors ?? 0;
  }

  /** Whether an error says that the runtime, and not the graph, is why a graph cannot run. */
  refused(error: unknown): boolean {
    return this.#executor.refused?.(error) === true;
  }

  /** See `Executor`; fails with `E_BACKEND_LOST` at once when the device is lost. */
  async prepare(graph: Graph, precision?: Precision): Promise<Program> {
    const program = await this.#race(() => this.#executor.prepare(graph, precision));
    return {
      run: (feeds, outputs) => this.#race(() => program.run(feeds, outputs)),
      // What cannot be given back any more is gone with its device.
      dispose: () => this.#race(() => program.dispose()).catch(unlessLost),
    };
  }

  async #prepareHolding(prepare: () => Promise<HoldingProgram>): Promise<HoldingProgram> {
    const program = await this.#race(prepare);
    return {
      run: async (feeds) => {
        const inner = Object.entries(feeds).map(([name, feed]) => [
          name,
          feed instanceof HeldUntilLost ? feed.inner : feed,
        ]);
        const outputs = await this.#race(() =>
          program.run(Object.fromEntries(inner) as typeof feeds),
        );
        return Object.fromEntries(
          Object.entries(outputs).map(([name, held]) => [
            name,
            new HeldUntilLost(held, () => this.#race(() => held.read())),
          ]),
        );
      },
      dispose: () => this.#race(() => program.dispose()).catch(unlessLost),
    };
  }

  #race<T>(start: () => Promise<T>): Promise<T> {
    if (this.#isLost) return Promise.reject(loss());
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      const settled = (): void => void this.#waiting.delete(reject);
      start().then(resolve, reject).then(settled, settled);
    });
  }
}

/** An output that can be read as long as its device is there. */
class HeldUntilLost implements Held {
  readonly inner: Held;
  readonly read: () => Promise<TensorData>;

  constructor(inner: Held, read: () => Promise<TensorData>) {
    this.inner = inner;
    this.read = read;
  }

  dispose(): void {
    this.inner.dispose();
  }
}

const loss = (): LensError =>
  new LensError('E_BACKEND_LOST', 'The device was lost while it worked.');

function unlessLost(error: unknown): void {
  if (error instanceof LensError && error.code === 'E_BACKEND_LOST') return;
  throw error;
}
