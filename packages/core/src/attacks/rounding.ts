import type { AttackNorm } from './ball.js';
import type { Classifier } from './classifier.js';
import { attackMethods } from './registry.js';
import type { Settings } from '../schema/parameter.js';
import type { AttackTask } from './method.js';
import { fools, AttackObjective } from './objective.js';

/** What must stay true of an attacked image when it is rounded. */
export type Keeping =
  | { readonly kind: 'ball'; readonly norm: AttackNorm; readonly eps: number }
  /** No bound, but as short as can be. */
  | { readonly kind: 'least' }
  /** Values that are as in the original stay so. */
  | { readonly kind: 'few' };

/** An attacked image that a file of 8 bits can hold. */
export interface Rounded {
  /** float32, multiples of 1/255, C x H x W. */
  readonly image: Float32Array;
  readonly logits: Float32Array;
  readonly fooled: boolean;
  /** Rounds of the attack on the rounded image; 0 where rounding did no harm. */
  readonly repairs: number;
}

/** Values moved by one grey level in the first round of a repair, and rounds at most; the number doubles each time. */
const REPAIR = { values: 4, rounds: 16 };

/** Slack for what 255 times a float32 rounds to. */
const TRACE = 1e-4;

/**
 * What an attack keeps small, from its settings.
 *
 * @param method id of the method
 * @param settings of all its parameters
 */
export function keepingOf(method: string, settings: Settings): Keeping {
  const keeps = attackMethods.find(({ id }) => id === method)?.keeps ?? 'least';
  if (keeps !== 'ball') return { kind: keeps };
  const norm: AttackNorm = settings.norm === 'l2' ? 'l2' : 'linf';
  return { kind: 'ball', norm, eps: Number(settings.eps) };
}

/**
 * Rounds attacked images to 8 bits, as a PNG will hold them, without leaving the ball around an original of 8 bits. Where
 * the rounded image fools no more, it is attacked itself, by whole grey levels of the values with the steepest margin;
 * where that does not help either, the result says so.
 *
 * @param classifier what is to be fooled
 * @param task originals and classes
 * @param attacked float32 in [0, 1], one for each original
 * @param keeping what must stay true
 */
export async function roundToBytes(
  classifier: Classifier,
  task: AttackTask,
  attacked: readonly Float32Array[],
  keeping: Keeping,
): Promise<readonly Rounded[]> {
  const objective = new AttackObjective(classifier, task, 'margin');
  const levels = attacked.map((image, i) => rounded(image, task.images[i]!, keeping));
  const first = await classifier.logits(levels.map(toUnit));
  const wished = attacked.length === 0 ? [] : await classifier.logits(attacked);
  const results: Rounded[] = [];
  for (const [i, own] of levels.entries()) {
    const original = task.images[i]!;
    let logits = first[i]!;
    let round = 0;
    // What did not fool before it was rounded is left alone.
    while (fools(task, wished[i]!, i) && !fools(task, logits, i) && round < REPAIR.rounds) {
      const [standing] = await objective.standings([toUnit(own)], [i]);
      const count = Math.min(own.length, REPAIR.values * 2 ** round);
      if (!moveLevels(own, original, standing!.gradient, count, keeping)) break;
      [logits] = (await classifier.logits([toUnit(own)])) as [Float32Array];
      round++;
    }
    results.push({ image: toUnit(own), logits, fooled: fools(task, logits, i), repairs: round });
  }
  return results;
}

const toUnit = (levels: Float64Array): Float32Array => Float32Array.from(levels, (v) => v / 255);

/** Grey levels between which a value may be. */
function range(value: number, keeping: Keeping): readonly [number, number] {
  if (keeping.kind !== 'ball' || keeping.norm === 'l2') return [0, 255];
  const reach = 255 * keeping.eps + TRACE;
  return [
    Math.max(0, Math.ceil(255 * value - reach)),
    Math.min(255, Math.floor(255 * value + reach)),
  ];
}

/** Distance of grey levels from an original, in units of the range. */
function lengthOf(levels: Float64Array, original: Float32Array): number {
  return Math.sqrt(levels.reduce((sum, v, i) => sum + (v / 255 - original[i]!) ** 2, 0));
}

/** The closest grey levels inside. */
function rounded(image: Float32Array, original: Float32Array, keeping: Keeping): Float64Array {
  const levels = Float64Array.from(image, (value, i) => {
    const [low, high] = range(original[i]!, keeping);
    return Math.min(high, Math.max(low, Math.round(255 * value)));
  });
  if (keeping.kind !== 'ball' || keeping.norm !== 'l2') return levels;
  // Values that were rounded away from the original are rounded towards it, those that went furthest first.
  const away = [...levels.keys()]
    .map((i) => {
      const to = Math.sign(255 * original[i]! - levels[i]!);
      return { i, to, by: (255 * image[i]! - levels[i]!) * to };
    })
    .filter(({ by }) => by > TRACE)
    .sort((a, b) => b.by - a.by);
  for (const { i, to } of away) {
    if (lengthOf(levels, original) <= keeping.eps) break;
    levels[i] = levels[i]! + to;
  }
  return levels;
}

/**
 * Moves the steepest values that may move by one level upwards along the gradient; false where none may.
 */
function moveLevels(
  levels: Float64Array,
  original: Float32Array,
  gradient: Float32Array,
  count: number,
  keeping: Keeping,
): boolean {
  const free = [...levels.keys()].filter((i) => {
    const next = levels[i]! + Math.sign(gradient[i]!);
    if (next === levels[i]) return false;
    if (keeping.kind === 'few' && Math.abs(levels[i]! - 255 * original[i]!) < 0.5) return false;
    const [low, high] = range(original[i]!, keeping);
    return next >= low && next <= high;
  });
  free.sort((a, b) => Math.abs(gradient[b]!) - Math.abs(gradient[a]!));
  let squares = lengthOf(levels, original) ** 2;
  let moved = 0;
  for (const i of free) {
    if (moved === count) break;
    const next = levels[i]! + Math.sign(gradient[i]!);
    const longer = (next / 255 - original[i]!) ** 2 - (levels[i]! / 255 - original[i]!) ** 2;
    const bounded = keeping.kind === 'ball' && keeping.norm === 'l2';
    if (bounded && Math.sqrt(Math.max(0, squares + longer)) > keeping.eps) continue;
    squares += longer;
    levels[i] = next;
    moved++;
  }
  return moved > 0;
}
