import type { Gpu, Precision, Program, StatefulGraph, StatefulProgram } from '@convlens/runtime';
import { LensError, type Graph } from '@convlens/onnx';
import { isOverflow, overflow } from './overflow.js';
import type { CountingExecutor } from './runtime.js';

/**
 * An executor whose calls end when its device is lost, and that says when it has run over its memory. Runtimes wait for a lost device for ever: a buffer of a GPU process that
 * has crashed is never mapped, and a fence of a lost context never passed.
 */
export class UntilLost implements CountingExecutor {
  readonly #executor: CountingExecutor;
  /** Ends the calls that are under way. Not a race with one promise, which would keep every result as long as it lives. */
  readonly #waiting = new Set<(error: LensError) => void>();
  #isLost = false;
  /** See `Executor`; there where the runtime has it. */
  readonly gpu?: Gpu;
  /** See `Executor`; there where the runtime has it. */
  readonly prepareStateful?: (stateful: StatefulGraph) => Promise<StatefulProgram>;

  /** @param executor what runs graphs */
  constructor(executor: CountingExecutor) {
    this.#executor = executor;
    if (executor.gpu) this.gpu = this.#guarded(executor.gpu);
    if (!executor.prepareStateful) return;
    const prepare = executor.prepareStateful.bind(executor);
    this.prepareStateful = async (stateful) => {
      const program = await this.#race(() => prepare(stateful));
      return {
        run: (feeds, outputs) => this.#race(() => program.run(feeds, outputs)),
        read: (names) => this.#race(() => program.read(names)),
        write: (values) => this.#race(() => program.write(values)),
        dispose: () => this.#race(() => program.dispose()).catch(unlessLost),
      };
    };
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

  #guarded(gpu: Gpu): Gpu {
    return {
      device: gpu.device,
      prepare: async (graph) => {
        const program = await this.#race(() => gpu.prepare(graph));
        return {
          run: (feeds) => this.#race(() => program.run(feeds)),
          dispose: () => this.#race(() => program.dispose()).catch(unlessLost),
        };
      },
      wait: (task) => this.#race(() => gpu.wait(task)),
    };
  }

  #race<T>(start: () => Promise<T>): Promise<T> {
    if (this.#isLost) return Promise.reject(loss());
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      const settled = (): void => void this.#waiting.delete(reject);
      start()
        .then(resolve, (error: Error) => reject(isOverflow(error) ? overflow(error) : error))
        .then(settled, settled);
    });
  }
}

const loss = (): LensError =>
  new LensError('E_BACKEND_LOST', 'The device was lost while it worked.');

function unlessLost(error: unknown): void {
  if (error instanceof LensError && error.code === 'E_BACKEND_LOST') return;
  throw error;
}
