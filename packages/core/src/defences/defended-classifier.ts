import { LensError } from '@convlens/onnx';
import type { Classifier, ClassifierObjective, ClassifierGradient } from '../attacks/classifier.js';
import { Random } from '../random.js';
import type { Defence, Passage } from './defence.js';

/** How a network is defended, and how much an attack knows of it. */
export interface Defended {
  readonly defence: Defence;
  /** Its own default when left out. */
  readonly strength?: number;
  readonly seed?: number;
  /** Passages over which a gradient is averaged where the defence is random (EOT). Default 10, else 1. */
  readonly samples?: number;
}

/**
 * A network behind a defence. Attacked as it is, the attack is the adaptive one: its gradients go through the defence,
 * exactly where that is linear and unchanged where it has no useful derivative (BPDA), averaged over several passages
 * where it is random (EOT). The plain attack is one on the classifier inside, whose results this one is then asked of.
 *
 * @see Athalye, Carlini and Wagner, Obfuscated gradients give a false sense of security, ICML 2018
 */
export class DefendedClassifier implements Classifier {
  readonly shape: readonly [number, number, number];
  readonly classes: number;
  readonly widest: number;
  readonly #inside: Classifier;
  readonly #defence: Defence;
  readonly #strength: number;
  readonly #samples: number;
  readonly #random: Random;

  /**
   * @param inside what is defended
   * @param options defence, its strength, seed and samples
   * @throws LensError `E_ARGUMENT` for a strength out of bounds
   */
  constructor(inside: Classifier, options: Defended) {
    const { defence, seed = 0 } = options;
    const { fallback, low, high, title } = defence.strength;
    const { strength = fallback, samples = defence.random ? 10 : 1 } = options;
    if (!(strength >= low && strength <= high)) {
      throw new LensError(
        'E_ARGUMENT',
        `${defence.title}: expected ${title.toLowerCase()} from ${low} to ${high}, got ${strength}.`,
      );
    }
    this.shape = inside.shape;
    this.classes = inside.classes;
    this.widest = inside.widest;
    this.#inside = inside;
    this.#defence = defence;
    this.#strength = strength;
    this.#samples = samples;
    this.#random = new Random(seed, `defence/${defence.id}`);
  }

  /** As `Classifier.logits`; random defences differ from call to call. */
  logits(images: readonly Float32Array[]): Promise<readonly Float32Array[]> {
    return this.#inside.logits(images.map((image) => this.pass(image).image));
  }

  /** As `Classifier.gradients`; logits are those of the last passage. */
  async gradients(
    images: readonly Float32Array[],
    what: ClassifierObjective,
  ): Promise<readonly ClassifierGradient[]> {
    let found: ClassifierGradient[] = [];
    for (let sample = 0; sample < this.#samples; sample++) {
      const passages = images.map((image) => this.pass(image));
      const shown = passages.map(({ image }) => image);
      const gradients = await this.#inside.gradients(shown, what);
      found = gradients.map(({ logits, gradient }, i) => {
        const own = passages[i]!.pull?.(gradient) ?? gradient;
        const sum = found[i]?.gradient;
        return { logits, gradient: sum ? own.map((v, at) => v + sum[at]!) : own };
      });
    }
    return found;
  }

  /**
   * An image as the network inside is shown it.
   *
   * @param image float32 in [0, 1], C x H x W
   */
  pass(image: Float32Array): Passage {
    return this.#defence.pass(image, this.shape, this.#strength, this.#random);
  }
}
