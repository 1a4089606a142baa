import { LensError } from '@convlens/onnx';
import type { Backend, BackendChoice, BackendReport } from '../shared/api.js';
import type { Job } from './jobs.js';
import { probe, type Runtime, type RuntimeFactory } from './runtime.js';

const NAMES: Record<Backend, string> = { webgpu: 'WebGPU', wasm: 'WASM', cpu: 'CPU' };

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/**
 * Chooses the backend: the person's choice when it works, else the first of the list that starts and computes a
 * known answer. Keeps one runtime alive and goes on with the next when its device is lost.
 */
export class Backends {
  readonly #factories: readonly RuntimeFactory[];
  readonly #failed = new Map<Backend, string>();
  #current: { readonly runtime: Runtime; readonly report: BackendReport } | undefined;
  #starting: Promise<BackendReport> | undefined;
  #lost = false;
  /** Called after the runtime has changed: programs of the one before are gone. */
  onChange: () => void = () => undefined;

  /** @param factories best first */
  constructor(factories: readonly RuntimeFactory[]) {
    this.#factories = factories;
  }

  /** The runtime in use, started with `auto` when there is none yet or its device was lost. */
  async runtime(job: Job): Promise<{ runtime: Runtime; report: BackendReport }> {
    if (!this.#current || this.#lost) await this.use('auto', job);
    return this.#current!;
  }

  /** Sessions that are alive. */
  get sessions(): number {
    return this.#current?.runtime.executor.sessions ?? 0;
  }

  /**
   * Starts a backend and makes it the one in use.
   *
   * @param choice `auto`, or a backend; when that one fails, the next best is used and the report says so
   * @throws LensError `E_BACKEND_INIT` when none works
   */
  async use(choice: BackendChoice, job: Job): Promise<BackendReport> {
    // One start at a time: a second caller gets the first one's result before its own wish is looked at.
    await this.#starting?.catch(() => undefined);
    const current = this.#current;
    const fits = current && !this.#lost && (choice === 'auto' || current.report.backend === choice);
    if (fits) return current.report;
    this.#starting = this.#start(choice, job);
    try {
      return await this.#starting;
    } finally {
      this.#starting = undefined;
    }
  }

  async #start(choice: BackendChoice, job: Job): Promise<BackendReport> {
    if (choice !== 'auto') this.#failed.delete(choice);
    const wished = this.#factories.filter(({ backend }) => backend === choice);
    const others = this.#factories.filter(({ backend }) => backend !== choice);
    for (const factory of [...wished, ...others]) {
      const report = await this.#try(factory, factory.backend === choice, choice, job);
      if (report) return report;
    }
    const reasons = [...this.#failed].map(([backend, why]) => `${NAMES[backend]}: ${why}`);
    // Tried again next time: the network may be back, or a driver.
    this.#failed.clear();
    throw new LensError('E_BACKEND_INIT', `No compute backend works here. ${reasons.join(' ')}`);
  }

  async #try(
    factory: RuntimeFactory,
    insist: boolean,
    choice: BackendChoice,
    job: Job,
  ): Promise<BackendReport | undefined> {
    if (this.#failed.has(factory.backend)) return undefined;
    const began = performance.now();
    let runtime: Runtime | undefined;
    try {
      runtime = await factory.start(
        job,
        () => {
          if (this.#current?.runtime === runtime) this.#loss();
        },
        insist,
      );
      await probe(runtime);
    } catch (error) {
      await runtime?.dispose();
      job.check();
      this.#failed.set(factory.backend, messageOf(error));
      return undefined;
    }
    return this.#take(runtime, performance.now() - began, choice);
  }

  #take(runtime: Runtime, startMs: number, choice: BackendChoice): BackendReport {
    const failed = [...this.#failed].map(([backend, message]) => ({ backend, message }));
    const missed = failed.find(({ backend }) => backend === choice) ?? failed[0];
    const asked = runtime.backend === choice ? ' As chosen.' : '';
    const report: BackendReport = {
      backend: runtime.backend,
      runtime: runtime.id,
      threads: runtime.threads,
      reason: `${runtime.reason}${asked}${missed ? ` ${NAMES[missed.backend]} is not used: ${missed.message}` : ''}`,
      ...(runtime.adapter === undefined ? {} : { adapter: runtime.adapter }),
      startMs,
      failed,
    };
    const before = this.#lost ? undefined : this.#current;
    this.#current = { runtime, report };
    this.#lost = false;
    this.onChange();
    if (before) void before.runtime.dispose();
    return report;
  }

  #loss(): void {
    this.#lost = true;
    this.#failed.set(this.#current!.report.backend, 'its device was lost while it worked.');
  }

  /** Marks the runtime in use as lost, after it has failed as a lost one does. */
  reportLoss(): void {
    if (this.#current && !this.#lost) this.#loss();
  }
}
