import type { Recipe } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { asError } from '@convlens/elements';
import type { EngineSession, Frame, RecipeRequest } from '@convlens/engine';
import type { LensError } from '@convlens/onnx';

/** A frame that can be gone back to. */
export interface FilmFrame {
  readonly frame: Frame;
  /** The objective of the first picture at that step. */
  readonly value: number;
  /** FilmFrame by hand; the others make room when there are many. */
  readonly byHand: boolean;
}

/** How a run stands. */
export type Status = 'idle' | 'starting' | 'running' | 'paused' | 'done' | 'failed';

/** Frames on the film strip. */
const FILM = 24;
/** Pictures kept for a video of the run. */
const REEL = 240;

/** A recipe that is being followed: its frames, its curve, and the ways to stop it and go on. */
export class StudioRun {
  readonly recipe: Recipe;
  readonly request: Omit<RecipeRequest, 'image' | 'guide'>;
  readonly #images: () => Pick<RecipeRequest, 'image' | 'guide'>;
  readonly #engine: EngineSession;
  readonly #changed: () => void;
  #cancel: AbortController | undefined;
  #pause: AbortController | undefined;
  status: Status = 'idle';
  frame: Frame | undefined;
  /** The objective at every step, a list a picture. */
  curve: number[][] = [];
  film: readonly FilmFrame[] = [];
  /** Small pictures for a video, thinned out as they become many. */
  reel: readonly { readonly step: number; readonly pictures: readonly Pixels[] }[] = [];
  /** Something unusual that happened. */
  note = '';
  error: LensError | undefined;
  /** Pictures done and wanted, while it falls into a dream. */
  falling: readonly [done: number, of: number] | undefined;
  /** Step that the run goes to. */
  until: number;

  /**
   * @param engine of the element
   * @param request recipe and network
   * @param images those that the recipe names, as they are when it begins or goes on
   * @param changed called after every change
   */
  constructor(
    engine: EngineSession,
    request: StudioRun['request'],
    images: () => Pick<RecipeRequest, 'image' | 'guide'>,
    changed: () => void,
  ) {
    this.#engine = engine;
    this.request = request;
    this.#images = images;
    this.recipe = request.recipe;
    this.#changed = changed;
    this.until = 0;
  }

  /** The objective of the first picture. */
  get value(): number | undefined {
    return this.curve[0]?.at(-1);
  }

  /** Begins, or goes on from the last frame. */
  async go(until = this.until): Promise<void> {
    if (this.status === 'running' || this.status === 'starting') return;
    const cancel = (this.#cancel = new AbortController());
    this.#pause = new AbortController();
    this.status = 'starting';
    this.error = undefined;
    this.#changed();
    const state = this.frame?.state ?? this.film.at(-1)?.frame.state;
    try {
      const { frame, finished } = await this.#engine.run(
        'recipe',
        {
          ...this.request,
          ...this.#images(),
          ...(state && { state }),
          ...(until > 0 && { until }),
        },
        {
          signal: cancel.signal,
          pause: this.#pause.signal,
          onFrame: (frame) => {
            if (cancel.signal.aborted) return;
            this.status = 'running';
            this.#take(frame);
            this.#changed();
          },
        },
      );
      this.#take(frame);
      this.status = finished ? 'done' : 'paused';
    } catch (error) {
      const problem = asError(error);
      this.status = problem.code === 'E_ABORTED' ? 'paused' : 'failed';
      if (problem.code !== 'E_ABORTED') this.error = problem;
    }
    this.#changed();
  }

  /** Stops after the step that is under way. */
  pause(): void {
    if (this.falling) this.cancel();
    this.#pause?.abort();
  }

  /** Ends it at once. */
  cancel(): void {
    this.#cancel?.abort();
  }

  /** Goes on for more steps than the recipe has. */
  more(steps: number): void {
    this.until = (this.frame?.step ?? 0) + steps;
    void this.go();
  }

  /**
   * Falls into the dream; the film of the run is the fall then.
   *
   * @param frames how many pictures
   */
  async fall(frames: number): Promise<void> {
    const { recipe, frame } = this;
    const [from] = frame?.pictures ?? [];
    if (recipe.technique !== 'dream' || !frame || !from || this.status === 'running') return;
    const cancel = (this.#cancel = new AbortController());
    this.status = 'running';
    this.reel = [{ step: frame.step, pictures: [from] }];
    this.falling = [0, frames];
    this.#changed();
    const show = (picture: Pixels, i: number): void => {
      const { state: _, ...rest } = frame;
      this.frame = { ...rest, pictures: [picture] };
      this.reel = [...this.reel, { step: frame.step + i, pictures: [picture] }];
      this.falling = [i + 1, frames];
      this.#changed();
    };
    const { network } = this.request;
    const { guide } = this.#images();
    const request = { network, recipe, from, ...(guide === undefined ? {} : { guide }) };
    try {
      const { fallInto } = await import('./zoom.js');
      await fallInto(this.#engine, request, frames, show, cancel.signal);
    } catch (error) {
      const problem = asError(error);
      if (problem.code !== 'E_ABORTED') this.error = problem;
    }
    this.status = 'done';
    this.falling = undefined;
    this.#changed();
  }

  /** Puts the current frame on the strip for good. */
  keep(): void {
    const { frame, value } = this;
    if (!frame) return;
    const others = this.film.filter((kept) => kept.frame.step !== frame.step);
    const state =
      frame.state ?? this.film.find((kept) => kept.frame.step === frame.step)?.frame.state;
    const whole = state ? { ...frame, state } : frame;
    this.film = [...others, { frame: whole, value: value ?? 0, byHand: true }];
    this.#changed();
  }

  /** Goes back to a frame that was kept; the run goes on from there. */
  back({ frame }: FilmFrame): void {
    if (!frame.state) return;
    this.frame = frame;
    this.curve = this.curve.map((line) => line.slice(0, frame.step));
    this.film = this.film.filter((kept) => kept.frame.step <= frame.step || kept.byHand);
    this.reel = this.reel.filter(({ step }) => step <= frame.step);
    this.status = frame.step >= frame.total ? 'done' : 'paused';
    this.#changed();
  }

  /** Takes up a run of an earlier visit. */
  restore(frame: Frame, curve: number[][]): void {
    this.frame = frame;
    this.curve = curve;
    this.film = [{ frame, value: curve[0]?.at(-1) ?? 0, byHand: false }];
    this.status = frame.step >= frame.total ? 'done' : 'paused';
    this.#changed();
  }

  #take(frame: Frame): void {
    this.frame = frame;
    this.until = Math.max(this.until, frame.total);
    for (const [at, values] of frame.values.entries()) {
      values.forEach((value, i) => ((this.curve[i] ??= [])[frame.since + at] = value));
    }
    if (frame.note !== undefined) this.note = frame.note;
    this.reel = thin([...this.reel, { step: frame.step, pictures: frame.pictures }], REEL);
    if (!frame.state) return;
    const kept: FilmFrame = {
      frame: { ...frame, values: [] },
      value: this.value ?? 0,
      byHand: false,
    };
    const film = [...this.film.filter((one) => one.frame.step !== frame.step), kept];
    this.film =
      film.length > FILM
        ? film.filter((one, i) => one.byHand || i % 2 === 0 || i === film.length - 1)
        : film;
  }
}

/** Every other one, from where they become too many; the first and last stay. */
function thin<T>(list: readonly T[], most: number): readonly T[] {
  return list.length <= most ? list : list.filter((_, i) => i % 2 === 0 || i === list.length - 1);
}
