import {
  EngineRecoveredEvent,
  EngineSession,
  type BackendChoice,
  type BackendReport,
  type EngineCalls,
  type ImageHandle,
  type ImageSource,
  type JobAnswer,
  type JobKind,
  type JobRequest,
  type MemoryReport,
  type NetworkHandle,
  type NetworkSource,
  type NetworkSummary,
  type RunOptions,
} from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import { FAKE_BACKEND, tinyNetwork } from './tiny-network.js';

/** What the engine answers to jobs, by kind. */
export type FakeJobs = {
  [K in JobKind]?: (
    request: JobRequest<K>,
    options: RunOptions<K>,
  ) => JobAnswer<K> | Promise<JobAnswer<K>>;
};

/** Waits for the end that its page puts to it. */
export function untilAborted({ signal }: Pick<RunOptions<JobKind>, 'signal'>): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new LensError('E_ABORTED', 'Cancelled.')));
  });
}

/** An engine that opens whatever it is asked for at once, and remembers what is open. */
export class FakeEngine extends EventTarget implements EngineCalls {
  /** What is open: `vgg11`, `lemon`; one of each that was opened and not given back. */
  readonly open: string[] = [];
  /** What cannot be had, and why. */
  readonly refused = new Map<string, LensError>();
  /** What was asked for, in order. */
  readonly asked: string[] = [];
  /** What differs from the tiny network, by id. */
  readonly summaries = new Map<string, Partial<NetworkSummary>>();
  /** What it answers to jobs. */
  readonly jobs: FakeJobs = {};
  /** The jobs that were asked for, in order. */
  readonly ran: { readonly kind: JobKind; readonly request: unknown }[] = [];
  backend: BackendReport | undefined;

  /** The requests of a kind, in order. */
  requests<K extends JobKind>(kind: K): readonly JobRequest<K>[] {
    return this.ran.flatMap((one) => (one.kind === kind ? [one.request as JobRequest<K>] : []));
  }

  /** A session of it. */
  session(): EngineSession {
    return new EngineSession(this);
  }

  /** Says that another worker has taken over. */
  recover(reason: string): void {
    this.dispatchEvent(new EngineRecoveredEvent(reason));
  }

  #hold(name: string): () => void {
    this.asked.push(name);
    const refusal = this.refused.get(name);
    if (refusal) throw refusal;
    this.open.push(name);
    return () => this.open.splice(this.open.indexOf(name), 1);
  }

  async openNetwork({ id, knowledge }: NetworkSource): Promise<NetworkHandle> {
    const dispose = this.#hold(id);
    // As from a worker: pictures are there before.
    await new Promise((resolve) => setTimeout(resolve));
    const { title = id.toUpperCase(), classes } = knowledge ?? {};
    const handle = id as NetworkHandle['id'];
    const summary = {
      ...tinyNetwork(id),
      handle,
      title,
      ...(classes && { classes }),
      ...this.summaries.get(id),
    };
    return { id: handle, summary, [Symbol.dispose]: dispose };
  }

  async openImage({ what = '' }: ImageSource): Promise<ImageHandle> {
    const dispose = this.#hold(what);
    return Promise.resolve({
      id: what as ImageHandle['id'],
      width: 8,
      height: 8,
      [Symbol.dispose]: dispose,
    });
  }

  async useBackend(choice: BackendChoice): Promise<BackendReport> {
    this.asked.push(choice);
    const refusal = this.refused.get(choice);
    if (refusal) throw refusal;
    this.backend = FAKE_BACKEND;
    return Promise.resolve(this.backend);
  }

  async run<K extends JobKind>(
    kind: K,
    request: JobRequest<K>,
    options: RunOptions<K> = {},
  ): Promise<JobAnswer<K>> {
    this.ran.push({ kind, request });
    const refusal = this.refused.get(kind);
    if (refusal) throw refusal;
    const job = this.jobs[kind];
    if (!job) throw new Error(`The fake engine has no answer to ${kind}.`);
    return job(request, options);
  }

  memory(): Promise<MemoryReport> {
    return Promise.resolve({
      wasm: 0,
      weights: 0,
      sessions: 0,
      tensors: 0,
      networks: 0,
      images: 0,
    });
  }
}
