import { announce } from './announcer.js';
import { SUPERSEDED, type Progress } from '@convlens/engine';
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

/**
 * One task of a name at a time: a newer one takes the place of the one before. A failure belongs to its task and stays until that
 * task succeeds, however many others do meanwhile; or until a person takes it off the page.
 */
export class Tasks {
  readonly #running = new Map<string, AbortController>();
  readonly #changed: () => void;
  readonly #failed: (problem: Problem) => void;
  /** Standing failures by task, the oldest first. */
  readonly #problems = new Map<string, Problem>();
  /** What is under way, by name. */
  readonly busy = new Map<string, Progress>();

  /**
   * @param changed called after every change
   * @param failed told of every failure
   */
  constructor(changed: () => void, failed: (problem: Problem) => void = () => undefined) {
    this.#changed = changed;
    this.#failed = failed;
  }

  /**
   * The failure that has stood longest. Tasks that have failed for the same reason are tried again together: one worker that could
   * not be started keeps all of them from their work.
   */
  get problem(): Problem | undefined {
    const [first] = this.#problems.values();
    if (!first) return undefined;
    const alike = this.#like(first);
    if (alike.length < 2) return first;
    return { ...first, retry: () => alike.forEach(({ retry }) => retry?.()) };
  }

  /** The failure of a task, while it stands. */
  problemOf(task: string): Problem | undefined {
    return this.#problems.get(task);
  }

  #like({ code, message }: Problem): readonly Problem[] {
    return [...this.#problems.values()].filter(
      (other) => other.code === code && other.message === message,
    );
  }

  /**
   * Runs a task.
   *
   * @param name the task; one of the same name that is under way ends
   * @param work what is done
   * @param retry what “Try again” does: the same by default, without what follows from it
   * @returns whether it succeeded
   */
  async run(
    name: string,
    work: (options: TaskOptions) => Promise<void>,
    retry: () => unknown = () => this.run(name, work),
  ): Promise<boolean> {
    this.#running.get(name)?.abort(SUPERSEDED);
    const controller = new AbortController();
    const { signal } = controller;
    this.#running.set(name, controller);
    // Known before the worker says something: one that hangs says nothing, and must be told to stop.
    this.busy.set(name, { stage: 'read', what: `the ${name.replaceAll('-', ' ')}` });
    this.#changed();
    const current = (): boolean => this.#running.get(name) === controller;
    const onProgress = (progress: Progress): void => {
      if (!current()) return;
      this.busy.set(name, progress);
      this.#changed();
    };
    try {
      await work({ signal, onProgress });
      if (current()) this.#problems.delete(name);
      return true;
    } catch (error) {
      const problem = asError(error);
      if (current() && problem.code !== 'E_ABORTED') {
        this.fail(problem, name, () => void retry());
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

  /**
   * Notes a failure.
   *
   * @param error what happened
   * @param task that failed
   * @param retry tries the same again
   */
  fail({ code, message }: LensError, task: string, retry?: () => void): void {
    const problem = { code, message, task, ...(retry ? { retry } : {}) };
    this.#problems.set(task, problem);
    announce(message);
    this.#failed(problem);
    this.#changed();
  }

  /** Takes the failure that is shown off the page, with those that are alike. */
  dismiss(): void {
    const [first] = this.#problems.values();
    for (const { task } of first ? this.#like(first) : []) this.#problems.delete(task);
    this.#changed();
  }

  /** Ends a task that nobody looks at any more: its failure goes as well. */
  leave(name: string): void {
    this.#running.get(name)?.abort(SUPERSEDED);
    this.#problems.delete(name);
  }

  /** Cancels everything under way. */
  cancel(): void {
    for (const controller of this.#running.values()) controller.abort();
  }
}
