import { standardNames } from '@convlens/adapters/builders';
import { readReport, REPORT_VERSION, type BenchReport } from '@convlens/core';
import {
  announce,
  asError,
  type AppModel,
  entrySource,
  networkEntries,
  resolveFile,
  type NetworkEntry,
  type Problem,
  type WorkbenchPlace,
} from '@convlens/elements';
import type { NetworkSource } from '@convlens/engine';
import type { LensError } from '@convlens/onnx';
import { describeMachine, findGpu, type Gpu } from './machine.js';
import { Measuring, type Step } from './measuring.js';
import { RUNTIMES } from './runtimes.js';
import type { BenchState } from './state.js';

/** A network to choose. */
export interface NetworkChoice {
  readonly id: string;
  readonly title: string;
  readonly bytes: number;
  readonly source: NetworkSource;
}

/** The bench without its looks. What was measured stays until there is something better. */
export class BenchModel implements AppModel<BenchState> {
  readonly #changed: () => void;
  readonly #failed: (problem: Problem) => void;
  /** The state is what is shown. */
  readonly isSettled = true;
  readonly state: BenchState;
  networks: readonly NetworkChoice[] = [];
  gpu: Gpu = { name: '', real: false };
  /** What this machine has measured. */
  own: BenchReport | undefined;
  /** Results of other machines. */
  others: readonly BenchReport[] = [];
  /** What is under way. */
  step: Step | undefined;
  problem: LensError | undefined;
  #cancel: AbortController | undefined;

  /** @param place where the element is */
  constructor({ state, changed, failed }: WorkbenchPlace<BenchState>) {
    this.state = state;
    this.#changed = changed;
    this.#failed = failed ?? (() => undefined);
  }

  /** See `AppModel`. */
  apply(change: Partial<BenchState>): void {
    this.choose(change);
  }

  /** Ends measuring. */
  [Symbol.dispose](): void {
    this.cancel();
  }

  /** All results that are shown, this machine's first. */
  get reports(): readonly BenchReport[] {
    return this.own ? [this.own, ...this.others] : this.others;
  }

  /** Runtimes that are measured: those that were chosen, else all that are not emulated. */
  get runtimes(): readonly string[] {
    const { runtimes } = this.state;
    if (runtimes.length > 0) return runtimes;
    return RUNTIMES.filter(({ gpu }) => !gpu || this.gpu.real).map(({ id }) => id);
  }

  /** Finds out what there is to measure, and shows what another machine has measured. */
  async open(): Promise<void> {
    const built = standardNames.map(({ id, title, bytes }): NetworkChoice => {
      const source = { id, built: id, bytes, knowledge: { title } };
      return { id, title, bytes, source };
    });
    this.networks = built;
    const [entries, gpu] = await Promise.all([this.#entries(), findGpu()]);
    this.gpu = gpu;
    const embedded = entries.map((entry): NetworkChoice => {
      const { id, title, bytes } = entry;
      return { id, title, bytes, source: entrySource(entry) };
    });
    this.networks = [...embedded, ...built];
    this.#changed();
    await this.#example();
  }

  async #entries(): Promise<readonly NetworkEntry[]> {
    try {
      return await networkEntries();
    } catch (error) {
      this.fail(error);
      return [];
    }
  }

  /** Results that are kept beside the page, so that it is never empty. They may be missing. */
  async #example(): Promise<void> {
    const response = await fetch(resolveFile('benchmarks', 'example.json')).catch(() => undefined);
    if (!response?.ok || this.reports.length > 0) return;
    try {
      this.others = [readReport(await response.text())];
    } catch {
      // A server that answers with a page instead of the file: the bench works without it.
    }
    this.#changed();
  }

  /** Changes what is measured. */
  choose(change: Partial<BenchState>): void {
    Object.assign(this.state, change);
    this.#changed();
  }

  /** Measures what is chosen. */
  async start(): Promise<void> {
    const { state } = this;
    const networks = this.networks
      .filter(({ id }) => state.networks.includes(id))
      .map(({ source }) => source);
    const runtimes = RUNTIMES.filter(({ id }) => this.runtimes.includes(id));
    this.#cancel?.abort();
    const cancel = (this.#cancel = new AbortController());
    this.problem = undefined;
    const begun: BenchReport = {
      convlensBench: REPORT_VERSION,
      machine: describeMachine(this.gpu),
      date: new Date().toISOString(),
      ...(runtimes[0] ? { reference: runtimes[0].id } : {}),
      runtimes: [],
      work: [],
      operators: [],
    };
    const { works, batches } = state;
    const measuring = new Measuring(
      { networks, runtimes, works, batches },
      cancel.signal,
      (step) => {
        this.step = step;
        this.#changed();
      },
      (rows) => {
        this.own = { ...begun, ...rows };
        this.#changed();
      },
    );
    announce('Measuring.');
    try {
      await measuring.run();
      if (!cancel.signal.aborted) announce('Measured.');
    } catch (error) {
      this.fail(error);
    }
    if (this.#cancel !== cancel) return;
    this.step = undefined;
    this.#changed();
  }

  /** Ends measuring; what there is stays. */
  cancel(): void {
    this.#cancel?.abort();
    this.#cancel = undefined;
    this.step = undefined;
    this.#changed();
  }

  /** Adds results from files. */
  async take(files: readonly File[]): Promise<void> {
    this.problem = undefined;
    for (const file of files) {
      try {
        this.others = [...this.others, readReport(await file.text())];
      } catch (error) {
        this.fail(error);
      }
    }
    this.#changed();
  }

  /** Takes results off the page. */
  remove(report: BenchReport): void {
    this.others = this.others.filter((one) => one !== report);
    if (this.own === report) this.own = undefined;
    this.#changed();
  }

  /** Shows a failure. */
  fail(error: unknown): void {
    this.problem = asError(error);
    announce(this.problem.message);
    this.#failed({ code: this.problem.code, message: this.problem.message, task: 'bench' });
    this.#changed();
  }

  /** Takes the last failure off the page. */
  dismiss(): void {
    this.problem = undefined;
    this.#changed();
  }
}
