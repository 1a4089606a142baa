import { THREADS, type KernelSource } from './kernel.js';

/** A Fourier transform of many lines of complex numbers, one workgroup each. */
export interface Lines {
  readonly name: string;
  readonly buffers: KernelSource['buffers'];
  /** Numbers of a line. */
  readonly length: number;
  /** Numbers that are stored, the first ones; all by default. */
  readonly wanted?: number;
  /** Sign of the exponent. */
  readonly sign: 1 | -1;
  /** WGSL: `fn load(line: vec2u, i: u32) -> vec2f`. */
  readonly load: string;
  /** WGSL: `fn store(line: vec2u, i: u32)`; `result(k)` is number k of the transformed line. */
  readonly store: string;
}

/** Products of a round of a number at most, where a length has such divisors: more rounds cost more waiting than products. */
const WIDEST = 8;

/**
 * Divisors of a length, one for each round: primes, taken together as long as they are small.
 *
 * @param length of a line
 * @returns numbers whose product it is, the largest first
 */
export function factors(length: number): readonly number[] {
  const primes: number[] = [];
  let rest = length;
  for (let prime = 2; prime * prime <= rest; prime++) {
    for (; rest % prime === 0; rest /= prime) primes.push(prime);
  }
  if (rest > 1 || primes.length === 0) primes.push(rest);
  const together: number[] = [];
  // The largest first, each to those it fits best.
  for (const prime of primes.reverse()) {
    const fits = together.findIndex((product) => product * prime <= WIDEST);
    if (fits < 0) together.push(prime);
    else together[fits] = together[fits]! * prime;
  }
  return together.sort((a, b) => b - a);
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
 * X[k] = sum over n of x[n] exp(sign i 2 pi n k / N) in one round for each divisor of N (Stockham's order, in which every
 * round reads at a stride and leaves its numbers sorted; Cochran et al. 1967). After rounds of a product p, one of r
 * gives number o the sum over j of x[i + j N / r] exp(i 2 pi j (o mod p r) / p r), i = p floor(o / p r) + o mod p. A
 * number costs the sum of the divisors: 19 products for 224. A prime costs itself, which for some hundred is still
 * little.
 *
 * @param lines what is transformed
 */
export function lineTransform(lines: Lines): KernelSource {
  const { name, buffers, length, wanted = length, sign, load, store } = lines;
  const rounds: string[] = [];
  let done = 1;
  for (const factor of factors(length)) {
    const [from, to] = rounds.length % 2 === 0 ? ['here', 'there'] : ['there', 'here'];
    rounds.push(round(from, to, length, done, factor));
    done *= factor;
  }
  const last = rounds.length % 2 === 0 ? 'here' : 'there';
  return {
    name,
    buffers: [['turns', 'vec2f', 'read'], ...buffers],
    before: `
const N = ${length}u;
var<workgroup> here: array<vec2f, N>;
var<workgroup> there: array<vec2f, N>;
var<workgroup> roots: array<vec2f, N>;
fn times(a: vec2f, b: vec2f) -> vec2f {
  return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}
fn result(k: u32) -> vec2f { return ${last}[k]; }
${load}
${store}`,
    body: `
  for (var i = own; i < N; i += ${THREADS}u) {
    here[i] = load(group.xy, i);
    roots[i] = turns[i] * vec2f(1, ${sign});
  }
  workgroupBarrier();${rounds.join('')}
  for (var i = own; i < ${wanted}u; i += ${THREADS}u) { store(group.xy, i); }`,
  };
}

/** WGSL of a round of `factor` after rounds of the product `done`. */
function round(from: string, to: string, length: number, done: number, factor: number): string {
  const stride = length / factor;
  const span = done * factor;
  return `
  for (var o = own; o < N; o += ${THREADS}u) {
    let within = o % ${span}u;
    var i = (o / ${span}u) * ${done}u + within % ${done}u;
    let turn = within * ${length / span}u;
    var angle = 0u;
    var sum = vec2f();
    for (var j = 0u; j < ${factor}u; j++) {
      sum += times(${from}[i], roots[angle]);
      i += ${stride}u;
      angle += turn;
      if (angle >= N) { angle -= N; }
    }
    ${to}[o] = sum;
  }
  workgroupBarrier();`;
}
