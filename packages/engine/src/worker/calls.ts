import { LensError } from '@convlens/onnx';
import type { BackendReport, Progress } from '../shared/api.js';
import type { CallMessage } from '../shared/protocol.js';

/** One call of the page that takes a while: it can be cancelled and can say how far it is. */
export interface Call {
  readonly signal: AbortSignal;
  /** True when the page wants it to stop at a good place and answer with what it has. */
  readonly paused: boolean;
  /** Says how far it is. */
  report(progress: Progress): void;
  /** Gives what a job has so far. */
  frame(frame: unknown): void;
  /** Says which backend works on it from now on. */
  uses(backend: BackendReport): void;
  /** Throws `E_ABORTED` when the page has cancelled. */
  check(): void;
}

/** The calls in progress. */
export class Calls {
  readonly #running = new Map<number, { readonly controller: AbortController; paused: boolean }>();
  readonly #send: (message: CallMessage) => void;

  /** @param send passes progress and frames on to the page */
  constructor(send: (message: CallMessage) => void) {
    this.#send = send;
  }

  /**
   * Does something as a call.
   *
   * @param id number the page made for it
   * @param task what to do
   */
  async run<T>(id: number, task: (call: Call) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const state = { controller, paused: false };
    this.#running.set(id, state);
    const { signal } = controller;
    const check = (): void => {
      if (signal.aborted) throw new LensError('E_ABORTED', 'Cancelled.');
    };
    try {
      const result = await task({
        signal,
        get paused() {
          return state.paused;
        },
        check,
        report: (progress) => this.#send({ call: id, progress }),
        frame: (frame) => this.#send({ call: id, frame }),
        uses: (backend) => this.#send({ call: id, backend }),
      });
      check();
      return result;
    } finally {
      this.#running.delete(id);
    }
  }

  /** Cancels a call; one that has ended already is left alone. */
  cancel(id: number): void {
    this.#running.get(id)?.controller.abort();
  }

  /** Asks a call to stop at a good place; one that has ended already is left alone. */
  pause(id: number): void {
    const state = this.#running.get(id);
    if (state) state.paused = true;
  }
}
