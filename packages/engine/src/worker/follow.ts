import type { Network } from '@convlens/adapters';
import {
  Goals,
  PACE,
  startRun,
  type Executor,
  type RecipeImages,
  type Run,
  type RunState,
  type StepReport,
} from '@convlens/core';
import { resizeBilinear, type Pixels } from '@convlens/data';
import type { Frame, RecipeRequest } from '../shared/api.js';
import { breathe } from './breathe.js';
import type { Job } from './jobs.js';
import { poolOf, type Runtime } from './runtime.js';

/** Longest side of a frame while a run goes on: a large dream is shown reduced. */
const FRAME_SIDE = 1024;
/** Time without a look at the messages, in milliseconds. */
const BREATH = 25;

/** How far a run has come, kept outside of it so that another runtime can go on. */
export interface Following {
  state: RunState | undefined;
}

/** The part of the engine that optimises pictures of one network on one runtime. Loaded when it is asked for. */
export class Follow {
  readonly #goals: Goals;

  /**
   * @param network the network
   * @param runtime what runs it
   */
  constructor(network: Network, runtime: Runtime) {
    this.#goals = new Goals(network, runtime.executor, poolOf(runtime));
  }

  /**
   * Follows a recipe to its end, or until it is paused.
   *
   * @param job told of frames
   * @param request what to make
   * @param images the images that the recipe names
   * @param following where to begin, and told how far it is
   * @returns the last frame, and whether the recipe is done
   * @throws LensError as `startRun` and its steps
   */
  async run(
    job: Job,
    request: RecipeRequest,
    images: RecipeImages,
    following: Following,
  ): Promise<{ frame: Frame; finished: boolean }> {
    const { recipe } = request;
    const run = startRun(this.#goals, recipe, images, following.state);
    try {
      return await this.#follow(job, run, request, following);
    } finally {
      await run.dispose();
    }
  }

  async #follow(
    job: Job,
    run: Run,
    { recipe, until = run.total, frameMs = PACE.frameMs, stateMs = 1000 }: RecipeRequest,
    following: Following,
  ): Promise<{ frame: Frame; finished: boolean }> {
    const frames = new Frames(run);
    let shown = -Infinity;
    let kept = performance.now();
    let breath = performance.now();
    while (run.done < until && !job.paused) {
      // What stays on the device is read when a frame is due.
      const count = run.resident ? frames.within(frameMs) : 1;
      frames.take(await run.steps(Math.min(count, until - run.done)));
      following.state = run.state;
      const now = performance.now();
      if (now - breath > BREATH || now - shown > frameMs) {
        await breathe();
        breath = performance.now();
        job.check();
      }
      if (now - shown < frameMs || run.done >= until) continue;
      shown = now;
      const keep = now - kept > stateMs;
      if (keep) kept = now;
      job.report({
        stage: 'run',
        what: recipe.technique,
        loaded: run.done,
        total: until,
        frame: frames.make(FRAME_SIDE, keep),
      });
    }
    return { frame: frames.make(Infinity, true, true), finished: run.done >= until };
  }

  /** Frees all programs. */
  dispose(): Promise<void> {
    return this.#goals.dispose();
  }
}

/**
 * The pictures that a recipe begins with, before any runtime is there.
 *
 * @param network the network
 * @param request what to make
 * @param images the images that the recipe names
 * @throws LensError `E_ARGUMENT` when an image is missing, or the state is of another recipe
 */
export function firstFrame(network: Network, request: RecipeRequest, images: RecipeImages): Frame {
  const idle: Executor = { prepare: () => Promise.reject(new Error('nothing runs yet')) };
  const run = startRun(new Goals(network, idle), request.recipe, images, request.state);
  return new Frames(run).make(FRAME_SIDE, false);
}

/** Makes frames of a run. */
class Frames {
  readonly #run: Run;
  readonly #values: Float32Array[] = [];
  readonly #began: number;
  #sent = 0;
  #note: string | undefined;
  #rate = 0;
  #last = performance.now();

  constructor(run: Run) {
    this.#run = run;
    this.#began = run.done;
  }

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
