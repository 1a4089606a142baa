import type { Network } from '@convlens/adapters';
import { Goals, PACE, startRun, type RecipeImages, type Run, type RunState } from '@convlens/core';
import type { Executor } from '@convlens/runtime';
import type { Frame, RecipeRequest, RecipeResult } from '../../shared/api.js';
import { breathe } from '../breathe.js';
import { poolOf } from '../runtime.js';
import type { Desk, Job } from './job.js';
import { FRAME_SIDE, Frames } from './recipe-frames.js';

/** Time without a look at the messages, in milliseconds. */
const BREATH = 25;

/** How far a run has come, kept outside of it so that another runtime can go on. */
interface Reached {
  state: RunState | undefined;
}

/**
 * Follows a recipe to its end, or until it is paused; goes on from where it was with the next backend when the device is lost
 * meanwhile. Its pictures before the first step are a frame before any runtime is there.
 *
 * @throws LensError `E_ARGUMENT`, `E_LAYER_UNKNOWN`, `E_OP_UNSUPPORTED`, `E_RUN`, `E_ABORTED`
 */
export const job: Job<RecipeRequest, RecipeResult, Frame> = {
  async run(desk, request) {
    const network = desk.network(request.network);
    const { image, guide, recipe } = request;
    const images: RecipeImages = {
      ...(image === undefined ? {} : { image: desk.image(image) }),
      ...(guide === undefined ? {} : { guide: desk.image(guide) }),
    };
    const reached: Reached = { state: request.state };
    desk.frame(firstFrame(network, request, images));
    return desk.onRuntime(async ({ runtime, report, borrow }) => {
      const goals = borrow(network, 'objectives', () => {
        desk.report({ stage: 'compile', what: network.title });
        return new Goals(network, runtime.executor, poolOf(runtime));
      });
      const run = startRun(goals, recipe, images, reached.state);
      try {
        return { ...(await follow(desk, run, request, reached)), backend: report };
      } finally {
        await run.dispose();
      }
    });
  },
};

async function follow(
  desk: Desk<Frame>,
  run: Run,
  { recipe, until = run.total, frameMs = PACE.frameMs, stateMs = 1000 }: RecipeRequest,
  reached: Reached,
): Promise<{ frame: Frame; finished: boolean }> {
  const frames = new Frames(run);
  let shown = -Infinity;
  let kept = performance.now();
  let breath = performance.now();
  while (run.done < until && !desk.paused) {
    // What stays on the device is read when a frame is due.
    const count = run.resident ? frames.within(frameMs) : 1;
    frames.take(await run.steps(Math.min(count, until - run.done)));
    reached.state = run.state;
    const now = performance.now();
    if (now - breath > BREATH || now - shown > frameMs) {
      await breathe();
      breath = performance.now();
      desk.check();
    }
    if (now - shown < frameMs || run.done >= until) continue;
    shown = now;
    const keep = now - kept > stateMs;
    if (keep) kept = now;
    desk.report({ stage: 'run', what: recipe.technique, loaded: run.done, total: until });
    desk.frame(frames.make(FRAME_SIDE, keep));
  }
  return { frame: frames.make(Infinity, true, true), finished: run.done >= until };
}

/** The pictures that a recipe begins with. */
function firstFrame(network: Network, request: RecipeRequest, images: RecipeImages): Frame {
  const idle: Executor = { prepare: () => Promise.reject(new Error('nothing runs yet')) };
  const run = startRun(new Goals(network, idle), request.recipe, images, request.state);
  return new Frames(run).make(FRAME_SIDE, false);
}
