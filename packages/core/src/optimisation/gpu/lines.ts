import { THREADS, type KernelSource } from './kernel.js';

/** A Fourier transform of many lines of complex numbers, one workgroup each. */
export interface Lines {
  readonly name: string;
  readonly buffers: KernelSource['buffers'];
  /** Numbers of a line. */
  readonly length: number;
  /** The first so many are loaded, the others are zero; all by default. */
  readonly given?: number;
  /** The first so many are stored; all by default. */
  readonly wanted?: number;
  /** Sign of the exponent. */
  readonly sign: 1 | -1;
  /** WGSL: `fn load(line: vec2u, i: u32) -> vec2f`. */
  readonly load: string;
  /** WGSL: `fn store(line: vec2u, i: u32, value: vec2f)`. */
  readonly store: string;
}

/** The divisor of a length that is nearest to its root, and what it is multiplied by. */
export function factors(length: number): readonly [number, number] {
  let first = Math.floor(Math.sqrt(length));
  while (length % first !== 0) first--;
  return [first, length / first];
}

/**
 * The turns exp(i 2 pi k / n) that `lineTransform` is given as its first buffer.
 *
 * @param length n
 * @returns `[n, 2]`
 */
export function turns(length: number): Float32Array {
  const table = new Float32Array(2 * length);
  for (let k = 0; k < length; k++) {
    const angle = (2 * Math.PI * k) / length;
    // The sine of pi is 0 and not 1e-16: no imaginary part comes out of a real one.
    const clean = (value: number): number => (Math.abs(value) < 1e-15 ? 0 : value);
    table[2 * k] = clean(Math.cos(angle));
    table[2 * k + 1] = clean(Math.sin(angle));
  }
  return table;
}

/**
 * X[k] = sum over n of x[n] exp(sign i 2 pi n k / N), for a length N = A B in two rounds (Cooley and Tukey 1965):
 * with n = B a + b and k = c + A d the inner sum is over a, the outer one over b. A number costs A + B products
 * instead of N: 30 for 224. A length without divisors costs N, which for some hundred is still little.
 *
 * @param lines what is transformed
 */
export function lineTransform({
  name,
  buffers,
  length,
  given = length,
  wanted = length,
  sign,
  load,
  store,
}: Lines): KernelSource {
  const [first, second] = factors(length);
  return {
    name,
    buffers: [['turns', 'vec2f', 'read'], ...buffers],
    before: `
const N = ${length}u;
const A = ${first}u;
const B = ${second}u;
var<workgroup> numbers: array<vec2f, N>;
var<workgroup> parts: array<vec2f, N>;
var<workgroup> roots: array<vec2f, N>;
fn times(a: vec2f, b: vec2f) -> vec2f {
  return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}
${load}
${store}`,
    body: `
  for (var i = own; i < N; i += ${THREADS}u) {
    if (i < ${given}u) { numbers[i] = load(group.xy, i); } else { numbers[i] = vec2f(); }
    roots[i] = turns[i] * vec2f(1, ${sign});
  }
  workgroupBarrier();
  for (var i = own; i < N; i += ${THREADS}u) {
    let b = i % B;
    let c = i / B;
    var sum = vec2f();
    var angle = 0u;
    for (var a = 0u; a < ${Math.ceil(given / second)}u; a++) {
      sum += times(numbers[B * a + b], roots[angle]);
      angle += B * c;
      if (angle >= N) { angle -= N; }
    }
    parts[i] = times(sum, roots[b * c]);
  }
  workgroupBarrier();
  for (var k = own; k < ${wanted}u; k += ${THREADS}u) {
    let c = k % A;
    let d = k / A;
    var sum = vec2f();
    var angle = 0u;
    for (var b = 0u; b < B; b++) {
      sum += times(parts[B * c + b], roots[angle]);
      angle += A * d;
      if (angle >= N) { angle -= N; }
    }
    store(group.xy, k, sum);
  }`,
  };
}
