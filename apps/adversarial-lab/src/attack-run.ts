import type { Pixels } from '@convlens/data';
import { asError } from '@convlens/elements';
import type { AttackRequest, EngineSession, JobAnswer } from '@convlens/engine';
import type { LensError } from '@convlens/onnx';

/** How an attack stands. */
export type Status = 'starting' | 'running' | 'done' | 'stopped' | 'failed';

/** Pictures kept for a film of the attack. */
const REEL = 120;

/** An attack under way: its pictures, what the network says to them, and in the end what came of it. */
export class AttackRun {
  readonly request: AttackRequest;
  readonly #engine: EngineSession;
  readonly #changed: () => void;
  readonly #cancel = new AbortController();
  status: Status = 'starting';
  /** The image as it is now. */
  picture: Pixels | undefined;
  /** What the network said to it last. */
  logits: Float32Array | undefined;
  done = 0;
  total = 0;
  /** Thinned out as they become many. */
  reel: readonly { readonly step: number; readonly picture: Pixels }[] = [];
  answer: JobAnswer<'attack'> | undefined;
  error: LensError | undefined;

  /**
   * @param engine of the element
   * @param request the attack
   * @param changed called after every change
   */
  constructor(engine: EngineSession, request: AttackRequest, changed: () => void) {
    this.#engine = engine;
    this.request = request;
    this.#changed = changed;
  }

  /** Runs it. */
  async go(): Promise<void> {
    const { signal } = this.#cancel;
    if (signal.aborted) return;
    try {
      this.answer = await this.#engine.run('attack', this.request, {
        signal,
        onFrame: ({ picture, logits, done = 0, total = 0 }) => {
          if (signal.aborted || !picture) return;
          this.status = 'running';
          [this.done, this.total] = [done, total];
          this.picture = picture;
          this.logits = logits ?? this.logits;
          this.reel = thin([...this.reel, { step: done, picture }]);
          this.#changed();
        },
      });
      const { file } = this.answer;
      this.picture = file.picture;
      this.logits = file.logits;
      this.status = 'done';
    } catch (error) {
      const problem = asError(error);
      this.status = problem.code === 'E_ABORTED' ? 'stopped' : 'failed';
      if (this.status === 'failed') this.error = problem;
    }
    this.#changed();
  }

  /** Whether it is under way. */
  get active(): boolean {
    return this.status === 'starting' || this.status === 'running';
  }

  /** Ends it at once; the last picture stays. */
  stop(): void {
    this.#cancel.abort();
    if (this.active) this.status = 'stopped';
  }
}

/** Every other one, from where they become too many; the first and last stay. */
function thin<T>(list: readonly T[]): readonly T[] {
  return list.length <= REEL ? list : list.filter((_, i) => i % 2 === 0 || i === list.length - 1);
}
