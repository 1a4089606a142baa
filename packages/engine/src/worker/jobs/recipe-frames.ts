import { PACE, type Run, type StepReport } from '@convlens/core';
import { resizeBilinear, type Pixels } from '@convlens/data';
import type { Frame } from '../../shared/api.js';

/** Longest side of a frame while a run goes on: a large dream is shown reduced. */
export const FRAME_SIDE = 1024;

/** Makes frames of a run, and knows its speed. */
export class Frames {
  readonly #run: Run;
  readonly #values: Float32Array[] = [];
  readonly #began: number;
  #sent = 0;
  #note: string | undefined;
  #rate = 0;
  #last = performance.now();

  /** @param run whose frames */
  constructor(run: Run) {
    this.#run = run;
    this.#began = run.done;
  }

  /**
   * Takes note of steps that were done.
   *
   * @param reports one a step
   */
  take(reports: readonly StepReport[]): void {
    for (const { values, note } of reports) {
      this.#values.push(values);
      this.#note = note ?? this.#note;
    }
    const now = performance.now();
    const rate = (1000 * reports.length) / Math.max(0.01, now - this.#last);
    const share = 0.9 ** reports.length;
    this.#rate = this.#rate === 0 ? rate : share * this.#rate + (1 - share) * rate;
    this.#last = now;
  }

  /** Steps that take about so long. */
  within(ms: number): number {
    return Math.max(1, Math.min(PACE.mostUnseen, Math.floor((this.#rate * ms) / 1000)));
  }

  /**
   * A frame of the run as it is.
   *
   * @param longest side of its pictures
   * @param keep with all that is needed to go on from it
   * @param all with the objectives of all steps, not only of those since the frame before
   */
  make(longest: number, keep: boolean, all = false): Frame {
    const first = all ? 0 : this.#sent;
    this.#sent = this.#values.length;
    const note = this.#note;
    this.#note = undefined;
    return {
      step: this.#run.done,
      total: this.#run.total,
      pictures: this.#run.pictures().map((picture) => reduce(picture, longest)),
      values: this.#values.slice(first),
      since: this.#began + first,
      stepsPerSecond: this.#rate,
      ...(this.#run.resident && { resident: true }),
      ...(note === undefined ? {} : { note }),
      ...(keep ? { state: this.#run.state } : {}),
    };
  }
}

function reduce(picture: Pixels, longest: number): Pixels {
  const { width, height } = picture;
  const factor = longest / Math.max(width, height);
  if (factor >= 1) return picture;
  const side = (extent: number): number => Math.max(1, Math.round(extent * factor));
  return resizeBilinear(picture, { left: 0, top: 0, width, height }, side(width), side(height));
}
