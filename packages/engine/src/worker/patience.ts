import { LensError, type ErrorCode } from '@convlens/onnx';

/** Milliseconds without a byte after which a server is taken not to answer any more. */
const SILENCE = 20_000;

/** Said of a script of ours that cannot be had. */
export const NOT_THERE =
  'A computing part of the engine could not be loaded. Check the connection and try again.';

/** Waits for a server as long as something comes from it. */
export class Patience {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #limit: number;
  readonly #cancel = (): void => this.#controller.abort(this.#outer.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** True when it has run out. */
  expired = false;

  /**
   * @param outer the signal of the call, which ends the wait as well
   * @param limit milliseconds of silence
   */
  constructor(outer: AbortSignal, limit = SILENCE) {
    this.#outer = outer;
    this.#limit = limit;
    outer.addEventListener('abort', this.#cancel, { once: true });
    this.renew();
  }

  /** For the request: aborted by the call, and when nothing has come for too long. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What it has run out of, in words. */
  get words(): string {
    return `nothing for ${this.#limit / 1000} s`;
  }

  /** Something came. */
  renew(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.expired = true;
      this.#controller.abort();
    }, this.#limit);
  }

  /** All has come, or nothing is wanted any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#cancel);
  }
}

/**
 * Waits for a script of ours, no longer than for any other file: an import cannot be cancelled.
 *
 * @param script that is imported
 * @param code of the error
 * @param message of the error, when it cannot be had
 * @throws LensError
 */
export async function arrival<T>(script: Promise<T>, code: ErrorCode, message: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer for ${SILENCE / 1000} s`)), SILENCE);
  });
  try {
    return await Promise.race([script, late]);
  } catch (cause) {
    throw new LensError(code, message, { cause });
  } finally {
    clearTimeout(timer);
  }
}
