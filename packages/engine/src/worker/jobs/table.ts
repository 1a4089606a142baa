// The kinds of work that the engine does: a name, and the script that brings it when it is first asked for. What a kind is
// asked, answers and shows on the way is said by its script; the client's `run` takes its types from here.
import type { Job } from './job.js';
import * as kernels from './kernels.js';

/** One row a kind of work. */
export const jobTable = {
  // The first pictures that a page shows: small, and there at once.
  kernels: () => Promise.resolve(kernels),
  activations: () => import('./activations.js'),
  projections: () => import('./projections.js'),
  rankImages: () => import('./rank-images.js'),
  attribution: () => import('./attribution.js'),
  recipe: () => import('./recipe.js'),
  attack: () => import('./attack.js'),
  curve: () => import('./curve.js'),
  transfer: () => import('./transfer.js'),
  divergence: () => import('./divergence.js'),
  plane: () => import('./plane.js'),
  defence: () => import('./defence.js'),
  fooling: () => import('./fooling.js'),
  universal: () => import('./universal.js'),
  patch: () => import('./patch.js'),
  measure: () => import('./measure.js'),
  runGraph: () => import('./run-graph.js'),
};

type JobOf<K extends JobKind> = Awaited<ReturnType<(typeof jobTable)[K]>>['job'];

/** The name of a kind of work. */
export type JobKind = keyof typeof jobTable;

/** What a kind of work is asked. */
export type JobRequest<K extends JobKind> =
  JobOf<K> extends Job<infer R, infer _A, infer _F> ? R : never;

/** What a kind of work answers. */
export type JobAnswer<K extends JobKind> =
  JobOf<K> extends Job<infer _R, infer A, infer _F> ? A : never;

/** What a kind of work shows on the way. */
export type JobFrame<K extends JobKind> =
  JobOf<K> extends Job<infer _R, infer _A, infer F> ? F : never;
