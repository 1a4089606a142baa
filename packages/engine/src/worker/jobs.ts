import { LensError } from '@convlens/onnx';
import type { Progress } from '../shared/api.js';

/** One call of the page that takes a while: it can be cancelled and can say how far it is. */
export interface Job {
  readonly signal: AbortSignal;
  /** True when the page wants it to stop at a good place and answer with what it has. */
  readonly paused: boolean;
  /** Says how far it is. */
  report(progress: Omit<Progress, 'job'>): void;
  /** Throws `E_ABORTED` when the page has cancelled. */
  check(): void;
}

/** The jobs in progress. */
export class Jobs {
  readonly #running = new Map<number, { readonly controller: AbortController; paused: boolean }>();
  readonly #send: (progress: Progress) => void;

  /** @param send passes progress on to the page */
  constructor(send: (progress: Progress) => void) {
    this.#send = send;
  }

  /**
   * Runs a task as a job.
   *
   * @param id number the page made for it
   * @param task what to do
   */
  async run<T>(id: number, task: (job: Job) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const held = { controller, paused: false };
    this.#running.set(id, held);
    const { signal } = controller;
    const check = (): void => {
      if (signal.aborted) throw new LensError('E_ABORTED', 'Cancelled.');
    };
    try {
      const result = await task({
        signal,
        get paused() {
          return held.paused;
        },
        check,
        report: (progress) => this.#send({ ...progress, job: id }),
      });
      check();
      return result;
    } finally {
      this.#running.delete(id);
    }
  }

  /** Cancels a job; one that has ended already is left alone. */
  cancel(id: number): void {
    this.#running.get(id)?.controller.abort();
  }

  /** Asks a job to stop at a good place; one that has ended already is left alone. */
  pause(id: number): void {
    const held = this.#running.get(id);
    if (held) held.paused = true;
  }
}
