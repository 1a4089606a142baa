import { intAttribute } from '@convlens/onnx';
import type { Step } from './skeleton.js';

/** True for a convolution whose kernel is `extent` x `extent`. */
export function isConv(step: Step, extent: number): boolean {
  const { kind, kernel } = step;
  return kind === 'conv' && kernel.length > 0 && kernel.every((each) => each === extent);
}

/** Groups of a convolution, 1 for everything else. */
export function groupsOf(step: Step): number {
  const [node] = step.nodes;
  return node === undefined ? 1 : intAttribute(node, 'group', 1);
}

/** The convolutions among some steps. */
export function convsOf(steps: readonly Step[]): readonly Step[] {
  return steps.filter((step) => step.kind === 'conv');
}

/** Height times width of a step's value; 1 for a vector. */
export function areaOf(step: Step): number {
  return step.shape.slice(1).reduce((product, extent) => product * extent, 1);
}

/** True when each step reads one step only and is read by one at most. */
export function isChain(steps: readonly Step[]): boolean {
  return steps.every((step) => step.inputs.length === 1 && step.users.length <= 1);
}

/**
 * The steps back from one, itself first, up to and with the first that does not read exactly one: a join or the
 * image.
 */
export function pathBack(step: Step): readonly Step[] {
  const path = [step];
  for (let at = step; at.inputs.length === 1;) {
    at = at.inputs[0]!;
    path.push(at);
  }
  return path;
}

/** All steps that a step depends on, itself among them. */
export function ancestors(step: Step): ReadonlySet<Step> {
  const found = new Set([step]);
  for (const at of found) for (const input of at.inputs) found.add(input);
  return found;
}

/**
 * The steps that every path to the last one runs through: the trunk. Between two neighbours of the trunk lie
 * branches, or nothing.
 *
 * @param steps in order, all of them ancestors of the last
 * @param image where they begin
 */
export function trunkOf(steps: readonly Step[], image: Step): readonly Step[] {
  const position = new Map(steps.map((step, at) => [step, at]));
  const reach = (step: Step) =>
    step.users.reduce((last, user) => Math.max(last, position.get(user) ?? -1), -1);
  let open = reach(image);
  return steps.filter((step, at) => {
    const passes = open <= at;
    open = Math.max(open, reach(step));
    return passes;
  });
}
