import { announce } from './announcer.js';
import type { Progress } from '@convlens/engine';
import { LensError } from '@convlens/onnx';

/** A failure as it is shown: what happened, and a way out. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  /** The task that failed. */
  readonly task: string;
  /** Tries the same again, where that makes sense. */
  readonly retry?: () => void;
}

/** What a task is given: to be cancelled by, and to say how far it is. */
export interface TaskOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** Anything that was thrown, as an error with a code. */
export function asError(error: unknown): LensError {
  if (error instanceof LensError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new LensError('E_INTERNAL', message, { cause: error });
}

/** One task of a name at a time: a newer one cancels the one before, and a failure becomes the problem shown. */
export class Tasks {
  readonly #running = new Map<string, AbortController>();
  readonly #quiet: readonly string[];
  readonly #changed: () => void;
  readonly #retried: () => void;
  /** What is under way, by name. */
  readonly busy = new Map<string, Progress>();
  problem: Problem | undefined;

  /**
   * @param quiet names of tasks that follow from others: they do not take the last failure off the page
   * @param changed called after every change
   * @param retried called when a task was tried again
   */
  constructor(quiet: readonly string[], changed: () => void, retried: () => void) {
    this.#quiet = quiet;
    this.#changed = changed;
    this.#retried = retried;
  }

  /**
   * Runs a task.
   *
   * @returns whether it succeeded
   */
  async run(name: string, work: (options: TaskOptions) => Promise<void>): Promise<boolean> {
    this.#running.get(name)?.abort();
    if (!this.#quiet.includes(name)) this.problem = undefined;
    const controller = new AbortController();
    const { signal } = controller;
    this.#running.set(name, controller);
    const current = (): boolean => this.#running.get(name) === controller;
    const onProgress = (progress: Progress): void => {
      if (!current()) return;
      this.busy.set(name, progress);
      this.#changed();
    };
    try {
      await work({ signal, onProgress });
      if (this.problem?.task === name) this.problem = undefined;
      return true;
    } catch (error) {
      const problem = asError(error);
      if (current() && problem.code !== 'E_ABORTED') {
        this.fail(problem, name, () => void this.run(name, work).then(this.#retried));
      }
      return false;
    } finally {
      if (current()) {
        this.#running.delete(name);
        this.busy.delete(name);
      }
      this.#changed();
    }
  }

  /** Makes a failure the problem shown. */
  fail({ code, message }: LensError, task: string, retry?: () => void): void {
    this.problem = { code, message, task, ...(retry ? { retry } : {}) };
    announce(message);
  }

  /** Cancels one task, where it is under way. */
  cancelOne(name: string): void {
    this.#running.get(name)?.abort();
  }

  /** Cancels everything under way. */
  cancel(): void {
    for (const controller of this.#running.values()) controller.abort();
  }
}
