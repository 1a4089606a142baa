import { LensError } from '@convlens/onnx';
import { attack } from '../attacks/attack.js';
import type { Classifier, Queries } from '../attacks/classifier.js';
import { topClass } from '../attacks/losses.js';
import type { AttackTask } from '../attacks/method.js';
import type { Settings } from '../schema/parameter.js';
import { settingsOf } from '../schema/settings.js';
import { attackMethods } from '../attacks/registry.js';

/** An attack to draw a curve of. */
export interface CurveAttack {
  /** Id of a method that keeps within epsilon. */
  readonly method: string;
  /** Its parameters but epsilon; what is left out has its default, a step's length that for each epsilon. */
  readonly settings?: Settings;
}

/** A network's accuracy at one epsilon. */
export interface CurvePoint {
  /** Radius of the ball, in units of the pixels' range. */
  readonly eps: number;
  /** Part of all images that are still known. */
  readonly accuracy: number;
  /** Part of the images known before that fell; 0 where none was known. */
  readonly success: number;
}

/** How a network's accuracy falls as an attack may do more. */
export interface RobustnessCurve extends Required<CurveAttack> {
  /** From epsilon 0, the accuracy on the images as they are, upwards. */
  readonly points: readonly CurvePoint[];
  /** For each image the smallest epsilon at which it fell: undefined where it stands, 0 where it was not known. */
  readonly fell: readonly (number | undefined)[];
  /** Asked by the attack. */
  readonly queries: Queries;
}

/** How far the curves are. */
export interface CurveProgress {
  /** Pairs of attack and epsilon that are done, with a part of the one under way. */
  readonly done: number;
  readonly total: number;
  /** As far as they are drawn, the one under way last. */
  readonly curves: readonly RobustnessCurve[];
}

/** What curves are drawn of. */
export interface CurveTask extends Pick<AttackTask, 'images' | 'labels' | 'seed'> {
  readonly attacks: readonly CurveAttack[];
  /** Radii in any order; 0 is added. */
  readonly epsilons: readonly number[];
  /**
   * Who says whether an image fell, when it is another than the one whose gradients are followed: a defended network that
   * the attack does not know of.
   */
  readonly judge?: Classifier;
  /** Told after every step of an attack; may throw, or reject, to cancel. */
  readonly onProgress?: (progress: CurveProgress) => void | Promise<void>;
}

/**
 * Accuracy over epsilon, one curve an attack. Only images that were known before can fall. What fell at a smaller epsilon
 * is not attacked again at a larger one, and stays fallen: its attacked image lies in the larger ball, too. So a curve
 * never rises, and is the accuracy under the best that the attack found up to there.
 *
 * @param classifier what is attacked
 * @param task images, attacks, epsilons
 * @returns one curve for each attack
 * @throws LensError `E_ARGUMENT` without images, attacks or epsilons, for an attack that keeps to no epsilon, and as
 * `attack` does
 */
export async function robustnessCurves(
  classifier: Classifier,
  task: CurveTask,
): Promise<readonly RobustnessCurve[]> {
  const { images, labels, seed, judge = classifier, onProgress } = task;
  checkCurves(task);
  const epsilons = [...new Set(task.epsilons)].filter((eps) => eps > 0).sort((a, b) => a - b);
  const clean = await judge.logits(images);
  const known = images.flatMap((_, i) => (topClass(clean[i]!) === labels[i] ? [i] : []));
  const total = task.attacks.length * epsilons.length;
  const curves: RobustnessCurve[] = [];
  for (const [number, { method, settings = {} }] of task.attacks.entries()) {
    const fell: (number | undefined)[] = images.map(() => 0);
    for (const i of known) fell[i] = undefined;
    const queries: Queries = { forward: 0, gradient: 0 };
    const points: CurvePoint[] = [];
    const standing = (): number[] => known.filter((i) => fell[i] === undefined);
    const mark = (eps: number): void => {
      const left = standing().length;
      points.push({
        eps,
        accuracy: left / images.length,
        success: known.length === 0 ? 0 : 1 - left / known.length,
      });
    };
    const curve: RobustnessCurve = { method, settings, points, fell, queries };
    mark(0);
    for (const [at, eps] of epsilons.entries()) {
      const cells = number * epsilons.length + at;
      const tell = (part: number): void | Promise<void> =>
        onProgress?.({ done: cells + part, total, curves: [...curves, curve] });
      const left = standing();
      if (left.length > 0) {
        const outcome = await attack(classifier, {
          method,
          settings: { ...settings, eps },
          images: left.map((i) => images[i]!),
          labels: left.map((i) => labels[i]!),
          seed,
          onStep: ({ done, total }) => tell(done / (total + 1)),
        });
        queries.forward += outcome.queries.forward;
        queries.gradient += outcome.queries.gradient;
        const ends =
          judge === classifier
            ? outcome.images.map(({ after }) => after)
            : await judge.logits(outcome.images.map(({ image }) => image));
        left.forEach((i, k) => {
          if (topClass(ends[k]!) !== labels[i]) fell[i] = eps;
        });
      }
      mark(eps);
      await tell(1);
    }
    curves.push(curve);
  }
  return curves;
}

function checkCurves({ images, labels, attacks, epsilons }: CurveTask): void {
  if (images.length === 0 || labels.length !== images.length) {
    throw new LensError(
      'E_ARGUMENT',
      `Expected images with a class for each, got ${images.length} images and ${labels.length} classes.`,
    );
  }
  const wrong = epsilons.find((eps) => !(eps >= 0 && Number.isFinite(eps)));
  if (epsilons.length === 0 || wrong !== undefined) {
    throw new LensError(
      'E_ARGUMENT',
      `Expected epsilons of 0 and above, got ${wrong ?? 'none'}. Try 1/255, 2/255, 4/255 and 8/255.`,
    );
  }
  const balls = attackMethods.filter(({ keeps }) => keeps === 'ball');
  if (attacks.length === 0) {
    throw new LensError('E_ARGUMENT', 'Expected at least one attack, got none. Try pgd.');
  }
  for (const { method, settings = {} } of attacks) {
    const found = balls.find(({ id }) => id === method);
    if (!found || 'eps' in settings) {
      throw new LensError(
        'E_ARGUMENT',
        found
          ? `Expected epsilon once, in the list of all, but ${found.title} has one of its own. Leave it out.`
          : `Expected an attack that keeps within epsilon (${balls.map(({ id }) => id).join(', ')}), got "${method}".`,
      );
    }
    // What is wrong with a setting is said before anything has been computed.
    settingsOf(found, settings);
  }
}
