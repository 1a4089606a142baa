import { fillNormal } from '@convlens/adapters/builders';
import { LensError } from '@convlens/onnx';
import { distance } from '../attacks/ball.js';
import type { Classifier } from '../attacks/classifier.js';
import { bestOther, topClass } from '../attacks/losses.js';

/** Which plane, and how finely. */
export interface DecisionPlaneTask {
  /** float32 in [0, 1], C x H x W. */
  readonly original: Float32Array;
  /** As long, another image. */
  readonly attacked: Float32Array;
  /** Places along a side. Default 31. */
  readonly side?: number;
  /** Length of a side, in units of the distance between the two images, which lie about its middle. Default 3. */
  readonly span?: number;
  /** Of the random direction. */
  readonly seed: number;
  /** Told after every batch; may throw, or reject, to cancel. */
  readonly onProgress?: (progress: {
    readonly done: number;
    readonly total: number;
  }) => void | Promise<void>;
}

/** What a network says on a plane through two images. */
export interface DecisionPlane {
  readonly side: number;
  /** The class at each place, row by row: columns go along the attack, rows along the random direction. */
  readonly classes: Int32Array;
  /** By how much the best score leads the second there; 0 on a border between classes. */
  readonly leads: Float32Array;
  /** Steps along the attack at the columns, 0 being the original and 1 the attacked image. */
  readonly along: Float64Array;
  /** Steps along the random direction at the rows; both images lie at 0. */
  readonly across: Float64Array;
  /** Euclidean distance of the two images: the length of a step of 1 in both directions. */
  readonly distance: number;
  /** The random direction: float32, C x H x W, of that length and at a right angle to the attack. */
  readonly direction: Float32Array;
}

/**
 * The classes on the plane original + a u + b v, where u leads to the attacked image and v is random, at a right angle to
 * u and as long; each image is clipped to [0, 1]. It shows how near borders are in the direction of the attack, and how
 * far in one of no meaning.
 *
 * @param classifier what is asked
 * @param task the two images
 * @throws LensError `E_ARGUMENT` for images that are the same or not of the classifier's size, or a grid that is none
 * @see Warde-Farley and Goodfellow, Adversarial perturbations of deep neural networks, 2016 (church window plots)
 */
export async function decisionPlane(
  classifier: Classifier,
  task: DecisionPlaneTask,
): Promise<DecisionPlane> {
  const { original, attacked, side = 31, span = 3, seed, onProgress } = task;
  const size = classifier.shape.reduce((product, extent) => product * extent, 1);
  const length = distance(attacked, original);
  if (original.length !== size || attacked.length !== size || !(length > 0)) {
    throw new LensError(
      'E_ARGUMENT',
      `Expected two different images of ${classifier.shape.join(' x ')} values, got ` +
        `${length > 0 ? `${original.length} and ${attacked.length} values` : 'the same twice'}.`,
    );
  }
  if (!Number.isInteger(side) || side < 2 || !(span > 0)) {
    throw new LensError(
      'E_ARGUMENT',
      `Expected at least 2 places along a side longer than 0, got ${side} and ${span}.`,
    );
  }
  const way = Float64Array.from(attacked, (v, i) => v - original[i]!);
  const direction = beside(way, length, seed);
  const steps = (middle: number): Float64Array =>
    Float64Array.from({ length: side }, (_, i) => middle + span * (i / (side - 1) - 0.5));
  const [along, across] = [steps(0.5), steps(0)];
  const total = side * side;
  const classes = new Int32Array(total);
  const leads = new Float32Array(total);
  for (let first = 0; first < total; first += classifier.widest) {
    const count = Math.min(classifier.widest, total - first);
    const images = Array.from({ length: count }, (_, i) => {
      const [row, column] = [Math.floor((first + i) / side), (first + i) % side];
      const [a, b] = [along[column]!, across[row]!];
      return original.map((v, k) => Math.min(1, Math.max(0, v + a * way[k]! + b * direction[k]!)));
    });
    const found = await classifier.logits(images);
    found.forEach((logits, i) => {
      const best = topClass(logits);
      classes[first + i] = best;
      leads[first + i] = logits[best]! - logits[bestOther(logits, best)]!;
    });
    await onProgress?.({ done: first + count, total });
  }
  return { side, classes, leads, along, across, distance: length, direction };
}

/** A random direction at a right angle to another (Gram-Schmidt), as long. */
function beside(way: Float64Array, length: number, seed: number): Float32Array {
  const random = new Float32Array(way.length);
  fillNormal(random, seed, 'decision-plane', 0, 1);
  const part = random.reduce((sum, v, i) => sum + v * way[i]!, 0) / length ** 2;
  const rest = Float64Array.from(random, (v, i) => v - part * way[i]!);
  const size = Math.sqrt(rest.reduce((sum, v) => sum + v * v, 0));
  return Float32Array.from(rest, (v) => (v * length) / size);
}
