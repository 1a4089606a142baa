import {
  prepareStateful,
  type Program,
  type StatefulGraph,
  type StatefulProgram,
} from '@convlens/runtime';
import type { Graph } from '@convlens/onnx';
import {
  formsOf,
  optimize,
  shapeKey,
  tunedPolicy,
  tuneShape,
  workOf,
  type Form,
  type Policy,
} from '@convlens/optimizer';
import type { CountingExecutor } from './runtime.js';

/** Where forms that were found are kept from visit to visit. */
export interface FormStore {
  /** All that are known on this device. */
  load(): Promise<Readonly<Record<string, Form>> | undefined>;
  /** Keeps them instead of what was kept. */
  save(forms: Readonly<Record<string, Form>>): Promise<void>;
}

/** When and how long. */
export interface TuningTimes {
  /** Milliseconds without a run before it begins; each run begins them anew. */
  readonly idleMs: number;
  /** Milliseconds that it may take in all. */
  readonly budgetMs: number;
}

const TIMES: TuningTimes = { idleMs: 3000, budgetMs: 2000 };

/** Milliseconds between two shapes: other work comes first. */
const PAUSE = 50;

/** Ends the tuning of a shape because somebody wants something. */
class Busy extends Error {}

/**
 * Rewrites convolutions, at first as a policy has it, then as is fastest on this device: while nothing is asked of it, it times the
 * forms of the convolutions that it has seen. Programs that are ready already stay as they are.
 */
export class TunedExecutor implements CountingExecutor {
  readonly #executor: CountingExecutor;
  readonly #otherwise: Policy;
  readonly #policy: Policy;
  readonly #kept: FormStore;
  readonly #times: TuningTimes;
  readonly #forms = new Map<string, Form>();
  readonly #loaded: Promise<void>;
  readonly #seen = new Map<string, Parameters<Policy['choose']>[0]>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Runs since it was made: more of them in the middle of tuning end it. */
  #asked = 0;
  #spentMs = 0;
  /** Sessions that are only there to be timed. */
  #own = 0;

  /**
   * @param executor runs graphs as they stand
   * @param otherwise decides where nothing was measured
   * @param kept where the answers are kept
   * @param times when it works
   */
  constructor(
    executor: CountingExecutor,
    otherwise: Policy,
    kept: FormStore,
    times: TuningTimes = TIMES,
  ) {
    this.#executor = executor;
    this.#otherwise = otherwise;
    const tuned = tunedPolicy(this.#forms, otherwise);
    this.#policy = {
      name: tuned.name,
      choose: (shape) => {
        if (formsOf(shape).length > 1) this.#seen.set(shapeKey(shape), shape);
        return tuned.choose(shape);
      },
    };
    this.#kept = kept;
    this.#times = times;
    this.#loaded = kept.load().then(
      (forms) => {
        for (const [key, form] of Object.entries(forms ?? {})) this.#forms.set(key, form);
      },
      () => undefined,
    );
  }

  /** Programs that somebody has asked for. */
  get sessions(): number {
    return this.#executor.sessions - this.#own;
  }

  /** See `Executor`. */
  async prepare(graph: Graph): Promise<Program> {
    await this.#loaded;
    this.#ask();
    const program = await this.#executor.prepare(optimize(graph, { policy: this.#policy }));
    return {
      run: (feeds, outputs) => {
        this.#ask();
        return program.run(feeds, outputs);
      },
      dispose: () => program.dispose(),
    };
  }

  /** See `Executor`. */
  async prepareStateful({ graph, state }: StatefulGraph): Promise<StatefulProgram> {
    await this.#loaded;
    this.#ask();
    const rewritten = { graph: optimize(graph, { policy: this.#policy }), state };
    const program = await prepareStateful(this.#executor, rewritten);
    return {
      ...program,
      run: (feeds, outputs) => {
        this.#ask();
        return program.run(feeds, outputs);
      },
    };
  }

  #ask(): void {
    this.#asked++;
    this.#rest(this.#times.idleMs);
  }

  #rest(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#spentMs >= this.#times.budgetMs) return;
    this.#timer = setTimeout(() => void this.#tune(), ms);
    // Node would wait for it before it ends.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  async #tune(): Promise<void> {
    const asked = this.#asked;
    const [next] = [...this.#seen]
      .filter(([key]) => !this.#forms.has(key))
      .sort(([, one], [, other]) => workOf(other) - workOf(one));
    if (!next) return;
    const [key, shape] = next;
    const began = performance.now();
    try {
      const prepare = async (graph: Graph): Promise<Program> => {
        this.#own++;
        const program = await this.#executor.prepare(graph).catch((error: unknown) => {
          this.#own--;
          throw error;
        });
        return {
          run: (feeds, outputs) => program.run(feeds, outputs),
          dispose: async () => {
            await program.dispose();
            this.#own--;
          },
        };
      };
      const target = { prepare, now: () => performance.now() };
      const { form } = await tuneShape(shape, target, this.#otherwise, () => {
        if (this.#asked !== asked) throw new Busy();
      });
      this.#forms.set(key, form);
      await this.#kept.save(Object.fromEntries(this.#forms));
    } catch (error) {
      // Where it fails, the policy's choice is good enough, and is not questioned again.
      if (!(error instanceof Busy)) this.#seen.delete(key);
    }
    this.#spentMs += performance.now() - began;
    if (this.#asked === asked) this.#rest(PAUSE);
  }
}
