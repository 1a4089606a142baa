/**
 * Seeded random numbers for the weights of built networks. Only integer arithmetic, one multiplication and one
 * rounding to float32 stand between the seed and a number, so the same seed gives the same bits on every machine
 * and in every JavaScript engine (`Math.log` and `Math.cos`, which Box-Muller needs, may differ in the last bit).
 *
 * The generator is sfc32 ("small fast counter", Chris Doty-Humphrey, PractRand): 128 bits of state, one of them a
 * counter, so that no cycle is shorter than 2^32.
 */

/** Standard deviation of the sum of eight uniform integers in [0, 65535]: sqrt(8 (65536^2 - 1) / 12). */
const SUM_DEVIATION = Math.sqrt((8 * (65536 * 65536 - 1)) / 12);
/** Mean of that sum. */
const SUM_MEAN = 4 * 65535;
/** Steps before the first number, so that similar seeds have nothing in common any more. */
const WARM_UP = 15;

/** FNV-1a, 32 bits, over the UTF-16 units of a text. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  }
  return state;
}

/**
 * A seeded stream of 32-bit words. The stream belongs to the pair of seed and key.
 *
 * @param seed any integer
 * @param key name of the stream
 * @returns a function that gives the next word, a signed 32-bit integer
 */
export function randomWords(seed: number, key: string): () => number {
  let a = hash(key);
  let b = seed | 0;
  let c = Math.floor(seed / 2 ** 32) | 0;
  let counter = 1;
  const next = (): number => {
    const word = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + word) | 0;
    return word;
  };
  for (let draw = 0; draw < WARM_UP; draw += 1) next();
  return next;
}

/**
 * Fills an array with normally distributed numbers. The stream belongs to the pair of seed and key, so a tensor's
 * numbers do not depend on what was drawn before it.
 *
 * A number is the sum of eight uniform ones (Irwin-Hall): excess kurtosis -0.15, nothing beyond 4.9 deviations.
 *
 * @param target what to fill
 * @param seed any integer
 * @param key name of the stream: the tensor's name
 * @param mean mean of the numbers
 * @param deviation standard deviation of the numbers
 */
export function fillNormal(
  target: Float32Array,
  seed: number,
  key: string,
  mean: number,
  deviation: number,
): void {
  const next = randomWords(seed, key);
  const scale = deviation / SUM_DEVIATION;
  const offset = mean - SUM_MEAN * scale;
  for (let at = 0; at < target.length; at += 1) {
    let sum = 0;
    for (let draw = 0; draw < 4; draw += 1) {
      const word = next();
      sum += (word & 0xffff) + (word >>> 16);
    }
    target[at] = sum * scale + offset;
  }
}
