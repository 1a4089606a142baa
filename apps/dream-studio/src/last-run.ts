import { get, set } from 'idb-keyval';
import type { Recipe } from '@convlens/core';
import type { Frame } from '@convlens/engine';

/** The last run, as it is kept in this browser. */
export interface LastRun {
  readonly recipe: Recipe;
  readonly frame: Frame;
  readonly curve: number[][];
}

const KEY = 'convlens-dream-studio';

/** Numbers of a state above which it is not kept: a dream of many megapixels. */
const LARGEST = 8_000_000;

/**
 * Keeps a run for the next visit. A browser that does not allow it is no reason to stop.
 *
 * @param run what to keep
 */
export async function keepRun(run: LastRun): Promise<void> {
  const { state } = run.frame;
  const size = state?.kind === 'dream' ? state.image.length : 0;
  if (!state || size > LARGEST) return;
  await set(KEY, { ...run, frame: { ...run.frame, values: [] } }).catch(() => undefined);
}

/** The run of the last visit, when there is one. */
export async function lastRun(): Promise<LastRun | undefined> {
  // A store that does not answer is no reason to wait.
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, 1000));
  return Promise.race([get<LastRun>(KEY), late]).catch(() => undefined);
}
