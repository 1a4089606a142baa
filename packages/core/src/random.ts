import { fillNormal, randomWords } from '@convlens/adapters/builders';
import type { AttackNorm } from './attacks/ball.js';

/** Seeded random of one image of an attack: the same whatever other images are attacked with it. */
export class Random {
  readonly #seed: number;
  readonly #key: string;
  readonly #words: () => number;

  /**
   * @param seed any integer
   * @param key what it is for: attack, image, restart
   */
  constructor(seed: number, key: string) {
    this.#seed = seed;
    this.#key = key;
    this.#words = randomWords(seed, key);
  }

  /** A number in [0, 1). */
  uniform(): number {
    return (this.#words() >>> 0) / 2 ** 32;
  }

  /** A whole number in [0, `count`). */
  below(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** 1 or -1. */
  sign(): 1 | -1 {
    return this.#words() < 0 ? -1 : 1;
  }

  /**
   * An image somewhere in the ball: each pixel by itself, or in a random direction, by a random part of epsilon.
   *
   * @param norm of the ball
   * @param centre the original
   * @param eps radius
   */
  inBall(norm: AttackNorm, centre: Float32Array, eps: number): Float32Array {
    if (norm === 'linf') return centre.map((value) => value + eps * (2 * this.uniform() - 1));
    const direction = new Float32Array(centre.length);
    fillNormal(direction, this.#seed, `${this.#key}/direction`, 0, 1);
    const length = Math.sqrt(direction.reduce((sum, v) => sum + v * v, 0)) || 1;
    const reach = eps * this.uniform();
    return centre.map((value, i) => value + (reach * direction[i]!) / length);
  }
}
