import { THREADS, type KernelSource } from './kernel.js';

/** Parts in which the numbers of a picture are summed up, one workgroup each; as many as one workgroup sums up in the end. */
export const PARTS = THREADS;

/** What is summed up of each picture. */
export interface Sum {
  readonly name: string;
  readonly buffers: readonly string[];
  /** Functions that `term` uses. */
  readonly before?: string;
  /** Numbers of a picture. */
  readonly length: number;
  /** WGSL of the term of number `i`, the `k`th of its picture. */
  readonly term: string;
}

/** Adds the numbers of the threads of a workgroup, in a tree. */
const TREE = `
var<workgroup> tree: array<f32, ${THREADS}>;
fn total(own: u32, value: f32) -> f32 {
  tree[own] = value;
  for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (own < half) { tree[own] += tree[own + half]; }
  }
  workgroupBarrier();
  let sum = tree[0];
  workgroupBarrier();
  return sum;
}`;

/**
 * Parts of a sum over the numbers of each picture: `PARTS` workgroups along x, pictures along y. The last buffer
 * receives them, `[n, PARTS]`.
 *
 * @param sum what is summed up
 */
export function partsKernel({ name, buffers, before = '', length, term }: Sum): KernelSource {
  return {
    name,
    buffers: [
      ...buffers.map((buffer) => [buffer, 'f32', 'read'] as const),
      ['parts', 'f32', 'write'],
    ],
    before: `${TREE}${before}`,
    body: `
  var sum = 0.0;
  for (var k = at; k < ${length}u; k += ${PARTS * THREADS}u) {
    let i = group.y * ${length}u + k;
    sum += ${term};
  }
  let all = total(own, sum);
  if (own == 0u) { parts[group.y * ${PARTS}u + group.x] = all; }`,
  };
}

/**
 * What a step reports of each picture, one workgroup along x for each: the mean of its objective over the views, the same
 * less its penalties, and the sum of the magnitudes of its gradient. Buffers: values `[n views]`, parts of the gradient's magnitude and of
 * penalties `[n, PARTS]`, step, reports `[steps, n, 3]`.
 *
 * @param pictures how many
 * @param views of each
 */
export function reportKernel(pictures: number, views: number): KernelSource {
  return {
    name: 'report',
    buffers: [
      ['values', 'f32', 'read'],
      ['magnitudes', 'f32', 'read'],
      ['penalties', 'f32', 'read'],
      ['step', 'f32', 'read'],
      ['reports', 'f32', 'write'],
    ],
    before: TREE,
    body: `
  let magnitude = total(own, magnitudes[group.x * ${PARTS}u + own]);
  let penalty = total(own, penalties[group.x * ${PARTS}u + own]);
  if (own > 0u) { return; }
  var value = 0.0;
  for (var v = 0u; v < ${views}u; v++) { value += values[group.x * ${views}u + v]; }
  value /= ${views};
  let to = 3u * (u32(step[1]) * ${pictures}u + group.x);
  reports[to] = value;
  reports[to + 1u] = value - penalty;
  reports[to + 2u] = magnitude;`,
  };
}
