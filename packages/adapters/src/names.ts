import type { Family } from './network.js';
import type { Step } from './skeleton.js';

/** What a recogniser says of a step. */
export interface Name {
  readonly id: string;
  readonly stage: string;
  readonly block: string;
  readonly main: boolean;
}

/** What a recogniser says of a network. */
export interface Recognition {
  readonly family: Family;
  readonly title: string;
  readonly names: Names;
}

/** The names of a network's steps; no two alike. */
export class Names {
  readonly #names = new Map<Step, Name>();
  readonly #taken = new Set<string>();

  /**
   * Names a step. A step that has a name keeps it; an id that is taken gets a number.
   *
   * @param step the step
   * @param id name a person knows
   * @param stage part of the network
   * @param main whether to show it first; by default what ends a unit: see `endsUnit`
   * @param block block within the stage
   */
  add(step: Step, id: string, stage: string, main = endsUnit(step), block = stage): void {
    if (this.#names.has(step)) return;
    let unique = id;
    for (let copy = 2; this.#taken.has(unique); copy += 1) unique = `${id}_${copy}`;
    this.#taken.add(unique);
    this.#names.set(step, { id: unique, stage, block, main });
  }

  /** The name of a step, undefined when it has none. */
  get(step: Step): Name | undefined {
    return this.#names.get(step);
  }
}

/**
 * True for pooling, joins, activations, and layers that none of these nor a normalisation follows: what a person
 * thinks of as a result.
 */
export function endsUnit(step: Step): boolean {
  if (/activation|pool|add|concat/.test(step.kind)) return true;
  if (step.kind !== 'conv' && step.kind !== 'dense' && step.kind !== 'norm') return false;
  return !step.users.some((user) => /norm|activation|softmax/.test(user.kind)) || isScores(step);
}

/** A dense layer that only a softmax reads. */
function isScores(step: Step): boolean {
  return step.kind === 'dense' && step.users.every((user) => user.kind === 'softmax');
}

/** Short word for what a step is, as names use it: `conv`, `relu`, `fc`. */
export function shortKind(step: Step): string {
  if (step.kind === 'activation') return 'relu';
  if (step.kind === 'dense') return 'fc';
  return step.kind === 'other' ? step.op.toLowerCase() : step.kind;
}
