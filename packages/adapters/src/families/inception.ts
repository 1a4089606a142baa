import { shortKind, type Names } from '../names.js';
import type { Step } from '../skeleton.js';
import { convsOf, isConv, pathBack } from '../structure.js';

/** Branches and the join that ends them; the first step of the branches reads the trunk. */
export interface Branching {
  readonly inner: readonly Step[];
  readonly join: Step;
}

/** An inception block of GoogLeNet (Szegedy et al. 2014): four branches that a concatenation joins. */
export function isInception({ join }: Branching): boolean {
  return join.kind === 'concat' && join.inputs.length === 4;
}

/** The two expanding convolutions of a fire module of SqueezeNet (Iandola et al. 2016): 1x1 beside 3x3. */
export function isFire({ inner, join }: Branching): boolean {
  const convs = convsOf(inner);
  const both = convs.some((conv) => isConv(conv, 1)) && convs.some((conv) => isConv(conv, 3));
  return join.kind === 'concat' && join.inputs.length === 2 && convs.length === 2 && both;
}

/**
 * Names the steps of the branches by what each branch computes: `1x1`, `3x3_reduce`, `3x3`, `pool`, `pool_proj`,
 * with `relu_` or `bn_` in front for what follows a convolution.
 *
 * @param branching a block
 * @param names where the names go
 * @param block id of the block
 * @param stage stage of the block
 * @param prefix in front of the convolutions' names
 */
export function nameBranches(
  { inner, join }: Branching,
  names: Names,
  block: string,
  stage: string,
  prefix = '',
): void {
  for (const input of join.inputs) {
    const path = pathBack(input);
    const way = path.filter((step) => inner.includes(step)).reverse();
    const convs = convsOf(way);
    const last = convs.at(-1);
    const size = `${prefix}${last === undefined ? 'pool' : last.kernel.join('x')}`;
    let label = size;
    let pooled = false;
    for (const step of way) {
      if (step.kind === 'conv') {
        label = pooled ? 'pool_proj' : step === last ? size : `${size}_reduce`;
      }
      pooled ||= step.kind === 'pool';
      const kind = step.kind === 'norm' ? 'bn' : shortKind(step);
      const id = step.kind === 'conv' ? label : step.kind === 'pool' ? 'pool' : `${kind}_${label}`;
      names.add(step, `${block}.${id}`, stage, false, block);
    }
  }
}
