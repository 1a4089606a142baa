import {
  operatorRows,
  workRow,
  type BenchReport,
  type OperatorAnswer,
  type RuntimeRow,
  type Work,
  type WorkAnswer,
  type WorkRow,
} from '@convlens/core';
import { asError, newEngine } from '@convlens/elements';
import type { EngineClient, NetworkId, NetworkSource, RuntimeId } from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import { runtimeTitle, type BenchRuntime } from './runtimes.js';
import type { BenchState } from './state.js';

/** Everything that one measuring needs. */
export interface Plan extends Pick<BenchState, 'works' | 'batches'> {
  readonly networks: readonly NetworkSource[];
  readonly runtimes: readonly BenchRuntime[];
}

/** How far it is. */
export interface Step {
  /** In words. */
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

/** The lists of a report, to which measurements are added. */
export type Rows = Pick<BenchReport, 'runtimes' | 'work' | 'operators'>;

const WORDS: Readonly<Record<Work, string>> = {
  forward: 'forward pass',
  gradient: 'gradient',
  dream: 'dream step',
  besides: 'dream step without the network',
};

/**
 * Measures runtime after runtime, each in a worker of its own, so that neither memory nor a crash of one touches the
 * next. A runtime, network or work that fails is noted, and the rest goes on.
 */
export class Measuring {
  readonly #plan: Plan;
  readonly #signal: AbortSignal;
  readonly #onStep: (step: Step) => void;
  readonly #onRows: (rows: Rows) => void;
  readonly #total: number;
  readonly #answers = new Map<string, WorkAnswer>();
  #operators: readonly OperatorAnswer[] | undefined;
  #done = 0;
  #rows: Rows = { runtimes: [], work: [], operators: [] };

  /**
   * @param plan what to measure
   * @param signal ends it
   * @param onStep told what is measured next
   * @param onRows told what there is, after every measurement
   */
  constructor(
    plan: Plan,
    signal: AbortSignal,
    onStep: (step: Step) => void,
    onRows: (rows: Rows) => void,
  ) {
    this.#plan = plan;
    this.#signal = signal;
    this.#onStep = onStep;
    this.#onRows = onRows;
    const { runtimes, networks, works, batches } = plan;
    this.#total = runtimes.length * (2 + networks.length * works.length * batches.length);
  }

  /** Measures all of it. */
  async run(): Promise<void> {
    for (const runtime of this.#plan.runtimes) {
      if (this.#signal.aborted) return;
      const engine = newEngine();
      const until = this.#done + this.#total / this.#plan.runtimes.length;
      try {
        await this.#measure(runtime, engine);
      } catch (error) {
        if (this.#signal.aborted) return;
        this.#add({ runtimes: [{ runtime: runtime.id, failed: asError(error).message }] });
      } finally {
        await engine.close();
      }
      this.#done = until;
    }
  }

  #step(what: string): void {
    this.#onStep({ what, done: this.#done++, total: this.#total });
  }

  #add(more: Partial<Rows>): void {
    const { runtimes, work, operators } = this.#rows;
    this.#rows = {
      runtimes: [...runtimes, ...(more.runtimes ?? [])],
      work: [...work, ...(more.work ?? [])],
      operators: [...operators, ...(more.operators ?? [])],
    };
    this.#onRows(this.#rows);
  }

  async #measure(runtime: BenchRuntime, engine: EngineClient): Promise<void> {
    const { id, title } = runtime;
    const signal = this.#signal;
    this.#step(`Starting ${title}`);
    const report = await engine.useBackend(id, { signal });
    if (report.runtime !== id) {
      const why = report.failed.find((one) => one.runtime === id)?.message;
      throw new LensError('E_BACKEND_INIT', why ?? `${title} does not work here.`);
    }
    this.#step(`Operators on ${title}`);
    const { peak } = await engine.run('measure', { kind: 'peak' }, { signal });
    const { operators = [] } = await engine.run('measure', { kind: 'operators' }, { signal });
    this.#operators ??= operators;
    this.#add({ operators: operatorRows(id, operators, this.#operators) });
    for (const network of this.#plan.networks) await this.#network(runtime, engine, network);
    const { wasm } = await engine.memory();
    const { threads, startMs } = report;
    const row: RuntimeRow = { runtime: id, threads, startMs, memory: wasm };
    this.#add({ runtimes: [peak === undefined ? row : { ...row, peak }] });
  }

  async #network(
    { id, title }: BenchRuntime,
    engine: EngineClient,
    source: NetworkSource,
  ): Promise<void> {
    const name = source.knowledge?.title ?? source.id;
    const { works, batches } = this.#plan;
    const opened = await engine
      .openNetwork(source, { signal: this.#signal })
      .catch((error: unknown) => asError(error));
    for (const work of works) {
      for (const batch of batches) {
        this.#step(`${name}: ${WORDS[work]}, batch ${batch}, on ${title}`);
        const place = { runtime: id, network: source.id, work, batch };
        const row =
          opened instanceof LensError
            ? { ...place, failed: opened.message }
            : await this.#work(engine, opened.id, place).catch((error: unknown): WorkRow => {
                if (this.#signal.aborted) throw error;
                return { ...place, failed: asError(error).message };
              });
        this.#add({ work: [row] });
      }
    }
    if (!(opened instanceof LensError)) opened[Symbol.dispose]();
  }

  async #work(
    engine: EngineClient,
    id: NetworkId,
    { runtime, network, work, batch }: Pick<WorkRow, 'runtime' | 'network' | 'work' | 'batch'>,
  ): Promise<WorkRow> {
    const request = { kind: 'work', network: id, work, batch } as const;
    // What it refused before has been done by another.
    await engine.useBackend(runtime as RuntimeId, { signal: this.#signal });
    const { work: measured, backend } = await engine.run('measure', request, {
      signal: this.#signal,
    });
    if (!measured || backend.runtime !== runtime) {
      throw new LensError(
        'E_BACKEND_LOST',
        `${runtimeTitle(runtime)} was lost while it was measured, or cannot do it.`,
      );
    }
    const key = `${network} ${work} ${batch}`;
    const expected = this.#answers.get(key);
    if (!expected) this.#answers.set(key, measured.answer);
    return workRow(runtime, network, measured, expected);
  }
}
