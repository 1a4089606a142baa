import { LensError } from '@convlens/onnx';
import { counting, type Classifier, type Queries } from './classifier.js';
import { topClass } from './losses.js';
import type { Settings } from '../schema/parameter.js';
import { settingsOf } from '../schema/settings.js';
import type { AttackTask } from './method.js';
import { fools } from './objective.js';
import { attackMethods } from './registry.js';

/** An attack on some images. */
export interface AttackRequest extends AttackTask {
  /** Id of the method. */
  readonly method: string;
  /** Its parameters; what is left out has its default. */
  readonly settings?: Settings;
}

/** What became of one image. */
export interface Attacked {
  /** float32 in [0, 1], C x H x W. */
  readonly image: Float32Array;
  readonly before: Float32Array;
  /** Logits of the attacked image. */
  readonly after: Float32Array;
  /** Whether the network knew the image: only then does fooling it count. */
  readonly known: boolean;
  /** Whether the answer is now the class to reach, or any but the right one. */
  readonly fooled: boolean;
}

/** What became of all, and what it took. */
export interface AttackOutcome {
  readonly images: readonly Attacked[];
  /** Asked by the attack itself. */
  readonly queries: Queries;
  /** The values of all parameters. */
  readonly settings: Settings;
}

/**
 * Attacks images.
 *
 * @param classifier what is to be fooled
 * @param request method, images, classes
 * @throws LensError `E_ARGUMENT` for an unknown method, parameters or classes that do not exist, images of another
 * size, values outside [0, 1], or a loss that the classes are too few for; `E_OP_UNSUPPORTED`, `E_RUN`
 */
export async function attack(
  classifier: Classifier,
  request: AttackRequest,
): Promise<AttackOutcome> {
  const method = attackMethods.find(({ id }) => id === request.method);
  if (!method) {
    const known = attackMethods.map(({ id }) => id).join(', ');
    throw new LensError(
      'E_ARGUMENT',
      `Expected one of the attacks ${known}, got "${request.method}".`,
    );
  }
  const settings = settingsOf(method, request.settings);
  checkTask(classifier, request);
  if (request.targets && !method.towards) {
    throw new LensError(
      'E_ARGUMENT',
      `${method.title} goes to the closest class and cannot be led to one. Choose another attack, or no class.`,
    );
  }
  const { counted, queries } = counting(classifier);
  const images = await method.run(counted, request, settings);
  const [before, after] = [
    await classifier.logits(request.images),
    await classifier.logits(images),
  ];
  return {
    settings,
    queries,
    images: images.map((image, i) => ({
      image,
      before: before[i]!,
      after: after[i]!,
      known: topClass(before[i]!) === request.labels[i],
      fooled: fools(request, after[i]!, i),
    })),
  };
}

function checkTask(classifier: Classifier, { images, labels, targets }: AttackTask): void {
  const { shape, classes } = classifier;
  const size = shape[0] * shape[1] * shape[2];
  for (const image of images) {
    if (image.length === size && image.every((value) => value >= 0 && value <= 1)) continue;
    throw new LensError(
      'E_ARGUMENT',
      `Expected images of ${shape.join(' x ')} values from 0 to 1, got one of ${image.length}` +
        `${image.length === size ? ' with values outside' : ''}.`,
    );
  }
  for (const list of targets ? [labels, targets] : [labels]) {
    if (list.length === images.length) {
      const wrong = list.find((k) => !Number.isInteger(k) || k < 0 || k >= classes);
      if (wrong === undefined) continue;
      throw new LensError('E_ARGUMENT', `Expected classes from 0 to ${classes - 1}, got ${wrong}.`);
    }
    throw new LensError(
      'E_ARGUMENT',
      `Expected a class for each of ${images.length} images, got ${list.length}.`,
    );
  }
}

/**
 * Part of the images that the network knew and was made to mistake; 0 where it knew none.
 *
 * @param images what became of each
 */
export function successRate(images: readonly Pick<Attacked, 'known' | 'fooled'>[]): number {
  const known = images.filter((image) => image.known);
  return known.length === 0 ? 0 : known.filter(({ fooled }) => fooled).length / known.length;
}

/**
 * Part of all images that the network knew and still knows under the attack.
 *
 * @param images what became of each
 */
export function robustAccuracy(images: readonly Pick<Attacked, 'known' | 'fooled'>[]): number {
  if (images.length === 0) return 0;
  return images.filter(({ known, fooled }) => known && !fooled).length / images.length;
}
