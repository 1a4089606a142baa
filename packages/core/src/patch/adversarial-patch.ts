import type { Pixels } from '@convlens/data';
import { LensError } from '@convlens/onnx';
import type { Classifier } from '../attacks/classifier.js';
import { crossEntropy, probabilityOfOthers, topClass } from '../attacks/losses.js';
import { pictureOf } from '../attacks/pictures.js';
import { Random } from '../random.js';
import { advance, noMemory } from '../optimisation/optimisers/table.js';
import {
  coverage,
  drawPlacement,
  footprint,
  lay,
  lift,
  patchShapes,
  PLACING,
  type Patch,
  type PatchShape,
  type Placing,
} from './placement.js';

/** Pictures that a patch is laid on. */
export interface PatchPictures extends Placing {
  /** float32 in [0, 1], C x H x W each. */
  readonly images: readonly Float32Array[];
  /** The right class of each. Pictures of the class to reach are left out. */
  readonly labels: readonly number[];
  /** The class to reach. */
  readonly target: number;
  readonly seed: number;
}

/** How far the training of a patch is. */
export interface PatchStep {
  readonly done: number;
  readonly total: number;
  /** As it was in this step; its own, copy to keep it. */
  readonly patch: Patch;
  /** The pictures of this step with the patch on them. */
  readonly images: readonly Float32Array[];
  /** Mean log-probability of the class to reach over them. */
  readonly objective: number;
}

/** How a patch is trained. */
export interface PatchTask extends PatchPictures {
  /** Default round. */
  readonly shape?: PatchShape;
  /** Texels along a side. By default as many as pixels at the largest scale. */
  readonly side?: number;
  /** Default 100. */
  readonly steps?: number;
  /** Pictures in a step, each with a placement of its own. Default 8. */
  readonly batch?: number;
  /** Rate of the optimiser (Adam), in parts of the pixels' range. Default 0.1. */
  readonly rate?: number;
  /** Told after every step; may throw, or reject, to cancel. */
  readonly onStep?: (step: PatchStep) => void | Promise<void>;
}

/**
 * Trains a patch that is taken for a class wherever it lies: gradient ascent of the mean log-probability of the class over
 * pictures and random places, sizes and turns (expectation over transformation), p <- clip(p + Adam(mean of A' dlog p/dx)),
 * A being the bilinear placement of a step.
 *
 * @param classifier what is to be fooled
 * @param task pictures, class, shape, sizes
 * @throws LensError `E_ARGUMENT` for values that make no sense, and as the classifier does
 * @see Brown et al., Adversarial patch, NIPS workshop 2017; Athalye et al., Synthesizing robust adversarial examples,
 * ICML 2018 (expectation over transformation)
 */
export async function trainPatch(classifier: Classifier, task: PatchTask): Promise<Patch> {
  const { shape = 'round', target, seed, steps = 100, batch = 8, rate = 0.1, onStep } = task;
  const [channels, height, width] = classifier.shape;
  const [, most] = task.scale ?? PLACING.scale;
  const { side = Math.max(2, Math.round(most * Math.min(height, width))) } = task;
  const pictures = others(classifier, task);
  const whole = [side, steps, batch].every((count) => Number.isInteger(count) && count > 0);
  if (!whole || side < 2 || !(rate > 0) || !patchShapes.includes(shape)) {
    throw new LensError(
      'E_ARGUMENT',
      `Expected a ${patchShapes.join(' or ')} patch of at least 2 texels, a step and a picture each, and a rate above 0, ` +
        `got ${shape}, ${side}, ${steps}, ${batch} and ${rate}.`,
    );
  }
  const random = new Random(seed, 'patch/start');
  const texels = Float32Array.from({ length: channels * side * side }, () => random.uniform());
  const patch: Patch = { shape, side, texels };
  let memory = noMemory;
  for (let step = 0; step < steps; step++) {
    const own = new Random(seed, `patch/${step}`);
    const views = Array.from({ length: batch }, () => {
      const image = pictures[own.below(pictures.length)]!.image.slice();
      const placement = drawPlacement(shape, [height, width], task, own);
      const print = footprint(shape, side, placement, [height, width]);
      lay(print, texels, image, channels);
      return { image, print };
    });
    const images = views.map(({ image }) => image);
    const labels = images.map(() => target);
    const gradients = await classifier.gradients(images, { kind: 'cross-entropy', labels });
    const gradient = new Float32Array(texels.length);
    let objective = 0;
    gradients.forEach(({ logits, gradient: byPixels }, i) => {
      objective -= crossEntropy(logits, target) / batch;
      // Views that are taken for the class already have little to say.
      lift(
        views[i]!.print,
        byPixels,
        -probabilityOfOthers(logits, target) / batch,
        gradient,
        channels,
      );
    });
    await onStep?.({ done: step + 1, total: steps, patch, images, objective });
    memory = advance({ kind: 'adam', rate }, texels, gradient, memory);
    for (let i = 0; i < texels.length; i++) texels[i] = Math.min(1, Math.max(0, texels[i]!));
  }
  return patch;
}

/** How often a patch is taken for its class. */
export interface PatchSuccess {
  /** Placements on pictures that the network knew and that are not of the class. */
  readonly tried: number;
  /** Those that were taken for the class. */
  readonly reached: number;
  /** Their part; 0 where none was tried. */
  readonly rate: number;
  /** The first placement on each picture. */
  readonly examples: readonly { readonly image: Float32Array; readonly answer: number }[];
}

/**
 * Tries a patch on pictures, at placements that training has not drawn.
 *
 * @param classifier what is to be fooled
 * @param patch the patch
 * @param task pictures and class; `placements` on each, 10 by default
 * @throws LensError `E_ARGUMENT`, and as the classifier does
 */
export async function tryPatch(
  classifier: Classifier,
  patch: Patch,
  task: PatchPictures & { readonly placements?: number },
): Promise<PatchSuccess> {
  const { target, seed, placements = 10 } = task;
  const [channels, height, width] = classifier.shape;
  const pictures = others(classifier, task);
  const clean = await classifier.logits(pictures.map(({ image }) => image));
  const known = pictures.filter(({ label }, i) => topClass(clean[i]!) === label);
  const examples: { image: Float32Array; answer: number }[] = [];
  let reached = 0;
  for (const [number, picture] of known.entries()) {
    const random = new Random(seed, `patch/held out/${number}`);
    const images = Array.from({ length: placements }, () => {
      const image = picture.image.slice();
      const placement = drawPlacement(patch.shape, [height, width], task, random);
      const print = footprint(patch.shape, patch.side, placement, [height, width]);
      lay(print, patch.texels, image, channels);
      return image;
    });
    const answers = (await classifier.logits(images)).map(topClass);
    reached += answers.filter((answer) => answer === target).length;
    if (placements > 0) examples.push({ image: images[0]!, answer: answers[0]! });
  }
  const tried = known.length * placements;
  return { tried, reached, rate: tried === 0 ? 0 : reached / tried, examples };
}

/** Pictures that are not of the class to reach. */
function others(
  { shape, classes }: Classifier,
  { images, labels, target, scale = PLACING.scale, rotation = PLACING.rotation }: PatchPictures,
): { image: Float32Array; label: number }[] {
  const size = shape[0] * shape[1] * shape[2];
  const [least, most] = scale;
  if (!Number.isInteger(target) || target < 0 || target >= classes) {
    throw new LensError('E_ARGUMENT', `Expected a class from 0 to ${classes - 1}, got ${target}.`);
  }
  if (!(least > 0 && least <= most && most <= 1 && rotation >= 0 && rotation <= 180)) {
    throw new LensError(
      'E_ARGUMENT',
      'Expected sizes above 0 and up to 1, the least first, and turns of 0 to 180 degrees, ' +
        `got ${least} to ${most} and ${rotation}.`,
    );
  }
  if (images.length !== labels.length || images.some(({ length }) => length !== size)) {
    throw new LensError(
      'E_ARGUMENT',
      `Expected images of ${shape.join(' x ')} values with a class for each, got ${images.length} and ` +
        `${labels.length} classes.`,
    );
  }
  const found = images.flatMap((image, i) =>
    labels[i] === target ? [] : [{ image, label: labels[i]! }],
  );
  if (found.length > 0) return found;
  throw new LensError(
    'E_ARGUMENT',
    'All pictures are of the class to reach: nothing to fool. Add others, or choose another class.',
  );
}

/**
 * A patch as a picture to print: enlarged, with nothing around a disc.
 *
 * @param patch the patch
 * @param channels C of its planes
 * @param side of the picture in pixels
 */
export function printPatch(patch: Patch, channels: number, side: number): Pixels {
  const planes = new Float32Array(channels * side * side);
  const placement = { x: side / 2, y: side / 2, size: side, turn: 0 };
  // As a square, so that colours reach to the edge; the disc is cut out at the size of the print.
  const print = footprint('square', patch.side, placement, [side, side]);
  const { weights } = print;
  for (let i = 0; i < weights.length; i += 4) {
    const covered = weights.slice(i, i + 4).reduce((sum, w) => sum + w, 0);
    for (let k = i; k < i + 4; k++) weights[k]! /= covered;
  }
  lay(print, patch.texels, planes, channels);
  const picture = pictureOf(planes, [channels, side, side]);
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [(i % side) + 0.5, Math.floor(i / side) + 0.5];
    picture.data[4 * i + 3] = Math.round(255 * coverage(patch.shape, side, x, y));
  }
  return picture;
}
