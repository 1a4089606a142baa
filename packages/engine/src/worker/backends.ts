import { LensError } from '@convlens/onnx';
import type { Backend, BackendChoice, BackendReport, RuntimeId } from '../shared/api.js';
import { checkConformance } from './conformance.js';
import type { Call } from './calls.js';
import { measure, type Measurements } from './speed.js';
import type { Runtime, RuntimeFactory } from './runtime.js';
import { UntilLost } from './until-lost.js';

const NAMES: Record<Backend, string> = {
  webgpu: 'WebGPU',
  webgl: 'WebGL',
  wasm: 'WASM',
  cpu: 'CPU',
};

/** Whether a runtime is what a person wished for. */
const fits = (
  { backend, id }: Pick<RuntimeFactory, 'backend' | 'id'>,
  choice: BackendChoice,
): boolean => choice === backend || choice === id;

/** Milliseconds that a runtime may take to start before a light one stands in: it takes less when its files are cached. */
const HEAD_START = 1200;

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/**
 * Chooses the backend: the person's choice when it works, else the first of the list that starts and computes a
 * known answer. Keeps one runtime alive and goes on with the next when its device is lost.
 */
export class Backends {
  readonly #factories: readonly RuntimeFactory[];
  readonly #measurements: Measurements | undefined;
  readonly #failed = new Map<RuntimeId, string>();
  #current: { readonly runtime: Runtime; readonly report: BackendReport } | undefined;
  #starting: Promise<BackendReport> | undefined;
  #lost = false;
  /** What to start when the runtime in use is gone. */
  #next: BackendChoice = 'auto';
  readonly #refused = new Set<RuntimeId>();
  /** Called after the runtime has changed: programs of the one before are gone. */
  onChange: () => void = () => undefined;

  /**
   * @param factories best first; those of one backend side by side
   * @param measurements where the speeds of runtimes are kept; without them the order decides
   */
  constructor(factories: readonly RuntimeFactory[], measurements?: Measurements) {
    this.#factories = factories;
    this.#measurements = measurements;
  }

  /** The runtime in use, started with `auto` when there is none yet or its device was lost. */
  async runtime(call: Call): Promise<{ runtime: Runtime; report: BackendReport }> {
    if (!this.#current || this.#lost) await this.#once(this.#next, call);
    return this.#current!;
  }

  /** Tensors that are alive, where the library tells. */
  get tensors(): number {
    return this.#current?.runtime.executor.tensors ?? 0;
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
  async use(choice: BackendChoice, call: Call): Promise<BackendReport> {
    return this.#once(choice, call, true);
  }

  /** One start at a time: a second caller gets the first one's result before its own wish is looked at. */
  async #once(choice: BackendChoice, call: Call, anew = false): Promise<BackendReport> {
    while (this.#starting) await this.#starting.catch(() => undefined);
    // Not before: the start that is waited for may pass over what is wished for here.
    for (const factory of this.#factories)
      if (anew && fits(factory, choice)) this.#failed.delete(factory.id);
    const current = this.#current;
    const isGood = current && !this.#lost && (choice === 'auto' || fits(current.runtime, choice));
    if (isGood) return current.report;
    this.#starting = this.#start(choice, call);
    try {
      return await this.#starting;
    } finally {
      this.#starting = undefined;
    }
  }

  async #start(choice: BackendChoice, call: Call): Promise<BackendReport> {
    const wished = this.#factories.filter((factory) => fits(factory, choice));
    const others = this.#factories.filter((factory) => !fits(factory, choice));
    const groups = [...new Set(others.map(({ backend }) => backend))].map((backend) =>
      others.filter((factory) => factory.backend === backend),
    );
    for (const group of [wished, ...groups]) {
      const began = performance.now();
      const runtime = await this.#best(group, choice, call);
      if (runtime) return this.#take(runtime, performance.now() - began, choice);
    }
    const reasons = this.#failures().map(({ name, message }) => `${name}: ${message}`);
    // Tried again next time: the network may be back, or a driver.
    this.#failed.clear();
    throw new LensError('E_BACKEND_INIT', `No compute backend works here. ${reasons.join(' ')}`);
  }

  /** What was tried and is not used, with a name for people. */
  #failures(): (BackendReport['failed'][number] & { readonly name: string })[] {
    return this.#factories.flatMap((factory) => {
      const message = this.#failed.get(factory.id);
      if (message === undefined) return [];
      const { backend, id } = factory;
      return [{ backend, runtime: id, message, name: NAMES[backend] }];
    });
  }

  /** The fastest of a backend's runtimes, as far as that is known or found out; `undefined` when none works. */
  async #best(
    group: readonly RuntimeFactory[],
    choice: BackendChoice,
    call: Call,
  ): Promise<Runtime | undefined> {
    const rivals = group.filter(({ id }) => !this.#failed.has(id));
    const insist = rivals.some((factory) => fits(factory, choice));
    // A GPU's second runtime is there for when its first does not work: to compare them costs as much as to use both.
    // Nor are the two of WASM compared before the first picture: only once a person asks for it.
    const compare =
      this.#measurements && rivals.length > 1 && rivals.every((each) => each.backend === 'wasm');
    const known = await Promise.all(
      rivals.map(async (factory) => ({ factory, ms: await this.#measurements?.get(factory.id) })),
    );
    if (compare && known.every(({ ms }) => ms !== undefined)) {
      known.sort((one, other) => one.ms! - other.ms!);
    } else if (compare && choice === 'wasm') return this.#contest(rivals, insist, call);
    for (const [i, { factory }] of known.entries()) {
      const light = known.slice(i + 1).find((each) => each.factory.light)?.factory;
      const runtime =
        choice === 'auto' && light
          ? await this.#openOrStandIn(factory, light, call)
          : await this.#open(factory, insist, call);
      if (runtime && (choice !== 'auto' || (await this.#isWorthIt(runtime, call)))) return runtime;
    }
    return undefined;
  }

  /**
   * Starts a runtime. Where it is long in coming, as megabytes are on a slow line, a light one stands in until it is there.
   */
  async #openOrStandIn(
    factory: RuntimeFactory,
    light: RuntimeFactory,
    call: Call,
  ): Promise<Runtime | undefined> {
    let ready: Runtime | undefined;
    // Not ended with the call that has waited for it first.
    const { signal } = new AbortController();
    const began = performance.now();
    const lasting: Call = {
      signal,
      paused: false,
      report: (progress) => call.report(progress),
      frame: () => undefined,
      uses: () => undefined,
      check: () => undefined,
    };
    const coming = this.#open(factory, false, lasting).then((runtime) => (ready = runtime));
    const late = new Promise<'late'>((resolve) => setTimeout(resolve, HEAD_START, 'late'));
    const first = await Promise.race([coming, late]);
    if (first !== 'late') return first;
    const standIn = await this.#open(light, false, call);
    if (ready || !standIn) {
      await standIn?.dispose();
      return ready ?? coming;
    }
    void coming.then(async (runtime) => {
      await this.#starting?.catch(() => undefined);
      if (!runtime) return;
      const isStandingIn = this.#current?.runtime === standIn && !this.#lost;
      if (isStandingIn) this.#take(runtime, performance.now() - began, 'auto');
      else await runtime.dispose();
    });
    return standIn;
  }

  /** Starts all, and keeps the fastest. */
  async #contest(
    rivals: readonly RuntimeFactory[],
    insist: boolean,
    call: Call,
  ): Promise<Runtime | undefined> {
    let best: { runtime: Runtime; ms: number } | undefined;
    for (const factory of rivals) {
      const runtime = await this.#open(factory, insist, call);
      if (!runtime) continue;
      const ms = await this.#measure(runtime);
      if (best && best.ms <= ms) await runtime.dispose();
      else {
        await best?.runtime.dispose();
        best = { runtime, ms };
      }
    }
    return best?.runtime;
  }

  /** Whether a GPU is faster than WebAssembly here; one that is not is given up. */
  async #isWorthIt(runtime: Runtime, call: Call): Promise<boolean> {
    const { id, backend } = runtime;
    if (!this.#measurements || (backend !== 'webgpu' && backend !== 'webgl')) return true;
    const ms = (await this.#measurements.get(id)) ?? (await this.#measure(runtime));
    // The small one if there is one: 140 kB to know it.
    const rivals = this.#factories.filter((factory) => factory.backend === 'wasm');
    const small = rivals.find(({ light }) => light) ?? rivals.at(-1);
    if (!small) return true;
    let other = await this.#measurements.get(small.id);
    if (other === undefined) {
      const rival = await this.#open(small, false, call);
      other = rival ? await this.#measure(rival) : Infinity;
      await rival?.dispose();
    }
    if (ms <= other) return true;
    await runtime.dispose();
    const [slow, fast] = [ms, other].map((each) => each.toFixed(0));
    this.#failed.set(id, `slower here than WebAssembly (${slow} ms instead of ${fast} ms).`);
    return false;
  }

  async #measure(runtime: Runtime): Promise<number> {
    const ms = await measure(runtime);
    await this.#measurements!.set(runtime.id, ms);
    return ms;
  }

  /** Starts a runtime and checks what it computes; notes why it is not used. */
  async #open(factory: RuntimeFactory, insist: boolean, call: Call): Promise<Runtime | undefined> {
    if (this.#failed.has(factory.id)) return undefined;
    let runtime: Runtime | undefined;
    try {
      const watched: { executor?: UntilLost } = {};
      const started = await factory.start(
        call,
        () => {
          if (this.#current?.runtime === runtime) this.#loss();
          watched.executor?.lose();
        },
        insist,
      );
      const executor = (watched.executor = new UntilLost(started.executor));
      runtime = { ...started, executor };
      await checkConformance(runtime);
      return runtime;
    } catch (error) {
      await runtime?.dispose();
      call.check();
      this.#failed.set(factory.id, messageOf(error));
      return undefined;
    }
  }

  #take(runtime: Runtime, startMs: number, choice: BackendChoice): BackendReport {
    const failures = this.#failures();
    // A backend's other runtime is no loss worth mentioning where the backend itself works.
    const missed =
      failures.find(({ runtime: id }) => this.#refused.has(id)) ??
      failures.find(({ backend, runtime: id }) => fits({ backend, id }, choice)) ??
      failures.find(({ backend }) => backend !== runtime.backend);
    const asked = fits(runtime, choice) ? ' As chosen.' : '';
    const failed = failures.map(({ name: _name, ...failure }) => failure);
    const report: BackendReport = {
      backend: runtime.backend,
      runtime: runtime.id,
      threads: runtime.threads,
      reason: `${runtime.reason}${asked}${missed ? ` ${missed.name} is not used: ${missed.message}` : ''}`,
      ...(runtime.adapter === undefined ? {} : { adapter: runtime.adapter }),
      startMs,
      failed,
    };
    const before = this.#lost ? undefined : this.#current;
    this.#current = { runtime, report };
    this.#lost = false;
    this.#next = 'auto';
    this.onChange();
    if (before) void before.runtime.dispose();
    return report;
  }

  #loss(): void {
    this.#lost = true;
    this.#failed.set(this.#current!.runtime.id, 'its device was lost while it worked.');
  }

  /**
   * Goes on with the next runtime, after the one in use has refused a graph that another may run.
   *
   * @param error what it said
   * @returns whether there is another
   */
  reportRefusal(error: unknown): boolean {
    const refuses = this.#current?.runtime.executor.refused?.(error) === true;
    if (!refuses || this.#lost) return false;
    const { id, backend } = this.#current!.runtime;
    this.#lost = true;
    this.#refused.add(id);
    this.#failed.set(id, messageOf(error));
    // The backend's other runtime first: a person may have chosen it.
    this.#next = backend;
    return this.#factories.some((factory) => !this.#failed.has(factory.id));
  }

  /** Marks the runtime in use as lost, after it has failed as a lost one does. */
  reportLoss(): void {
    if (this.#current && !this.#lost) this.#loss();
  }
}
