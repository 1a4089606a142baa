/** One pass over the data: sub-transforms of `done` samples become ones of `done * radix`. */
interface Stage {
  readonly radix: number;
  readonly done: number;
  /** Cosines and sines of 2 pi p j / (done radix), at [j * radix + p]. */
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

/**
 * Complex discrete Fourier transforms of any length, many at once, by mixed radices (Cooley and Tukey 1965; passes in
 * Stockham's order, which need no reordering): n log n for lengths of small primes, as image sides are (64,
 * 224 = 4 4 2 7), n^2 for a prime. Sample n of transform b is at [n * lines + b]: the innermost loops run over
 * neighbours with the same factors.
 */
export class Fft {
  readonly #size: number;
  readonly #stages: readonly Stage[];
  readonly #roots: ReadonlyMap<number, readonly [Float64Array, Float64Array]>;
  #scratchRe = new Float64Array();
  #scratchIm = new Float64Array();

  /** @param size number of samples */
  constructor(size: number) {
    this.#size = size;
    const stages: Stage[] = [];
    let done = 1;
    for (const radix of radices(size)) {
      const angle = (2 * Math.PI) / (done * radix);
      const turn = (at: number): number => angle * Math.floor(at / radix) * (at % radix);
      const cos = Float64Array.from({ length: done * radix }, (_, at) => Math.cos(turn(at)));
      const sin = Float64Array.from({ length: done * radix }, (_, at) => Math.sin(turn(at)));
      stages.push({ radix, done, cos, sin });
      done *= radix;
    }
    this.#stages = stages;
    this.#roots = new Map(
      stages.map(({ radix }) => {
        const angles = Float64Array.from({ length: radix }, (_, k) => (2 * Math.PI * k) / radix);
        return [radix, [angles.map(Math.cos), angles.map(Math.sin)]];
      }),
    );
  }

  /**
   * X[k] = sum over n of x[n] exp(sign 2 pi i k n / size), not scaled.
   *
   * @param re real parts `[size, lines]`; overwritten
   * @param im imaginary parts `[size, lines]`; overwritten
   * @param outRe receives the real parts
   * @param outIm receives the imaginary parts
   * @param sign -1 for the transform, 1 for its inverse (but for the factor 1 / size)
   * @param lines number of transforms
   */
  transform(
    re: Float64Array,
    im: Float64Array,
    outRe: Float64Array,
    outIm: Float64Array,
    sign: 1 | -1,
    lines = 1,
  ): void {
    const length = this.#size * lines;
    let [fromRe, fromIm, toRe, toIm] = [re, im, outRe, outIm];
    for (const stage of this.#stages) {
      if (stage.radix === 2) this.#two(stage, fromRe, fromIm, toRe, toIm, sign, lines);
      else if (stage.radix === 4) this.#four(stage, fromRe, fromIm, toRe, toIm, sign, lines);
      else if (stage.radix === 7) this.#seven(stage, fromRe, fromIm, toRe, toIm, sign, lines);
      else this.#odd(stage, fromRe, fromIm, toRe, toIm, sign, lines);
      [fromRe, fromIm, toRe, toIm] = [toRe, toIm, fromRe, fromIm];
    }
    if (fromRe === outRe) return;
    outRe.set(fromRe.subarray(0, length));
    outIm.set(fromIm.subarray(0, length));
  }

  #two(
    { done, cos, sin }: Stage,
    re: Float64Array,
    im: Float64Array,
    outRe: Float64Array,
    outIm: Float64Array,
    sign: 1 | -1,
    lines: number,
  ): void {
    const run = (this.#size / (done * 2)) * lines;
    for (let j = 0; j < done; j++) {
      const c = cos[j * 2 + 1]!;
      const s = sign * sin[j * 2 + 1]!;
      const from = j * 2 * run;
      const to = j * run;
      const far = to + done * run;
      for (let i = 0; i < run; i++) {
        const ar = re[from + i]!;
        const ai = im[from + i]!;
        const xr = re[from + run + i]!;
        const xi = im[from + run + i]!;
        const br = xr * c - xi * s;
        const bi = xr * s + xi * c;
        outRe[to + i] = ar + br;
        outIm[to + i] = ai + bi;
        outRe[far + i] = ar - br;
        outIm[far + i] = ai - bi;
      }
    }
  }

  #four(
    { done, cos, sin }: Stage,
    re: Float64Array,
    im: Float64Array,
    outRe: Float64Array,
    outIm: Float64Array,
    sign: 1 | -1,
    lines: number,
  ): void {
    const run = (this.#size / (done * 4)) * lines;
    const apart = done * run;
    for (let j = 0; j < done; j++) {
      const [c1, c2, c3] = [cos[j * 4 + 1]!, cos[j * 4 + 2]!, cos[j * 4 + 3]!];
      const [s1, s2, s3] = [sign * sin[j * 4 + 1]!, sign * sin[j * 4 + 2]!, sign * sin[j * 4 + 3]!];
      const from = j * 4 * run;
      const to = j * run;
      for (let i = 0; i < run; i++) {
        const at = from + i;
        const ar = re[at]!;
        const ai = im[at]!;
        const x1 = re[at + run]!;
        const y1 = im[at + run]!;
        const x2 = re[at + 2 * run]!;
        const y2 = im[at + 2 * run]!;
        const x3 = re[at + 3 * run]!;
        const y3 = im[at + 3 * run]!;
        const br = x1 * c1 - y1 * s1;
        const bi = x1 * s1 + y1 * c1;
        const cr = x2 * c2 - y2 * s2;
        const ci = x2 * s2 + y2 * c2;
        const dr = x3 * c3 - y3 * s3;
        const di = x3 * s3 + y3 * c3;
        const [evenR, evenI, oddR, oddI] = [ar + cr, ai + ci, br + dr, bi + di];
        const [restR, restI] = [ar - cr, ai - ci];
        // i (b - d), in the direction of the transform.
        const turnR = -sign * (bi - di);
        const turnI = sign * (br - dr);
        const o = to + i;
        outRe[o] = evenR + oddR;
        outIm[o] = evenI + oddI;
        outRe[o + apart] = restR + turnR;
        outIm[o + apart] = restI + turnI;
        outRe[o + 2 * apart] = evenR - oddR;
        outIm[o + 2 * apart] = evenI - oddI;
        outRe[o + 3 * apart] = restR - turnR;
        outIm[o + 3 * apart] = restI - turnI;
      }
    }
  }

  /** As `#odd`, with everything between reading and writing in registers: sides of 224 need it at every step. */
  #seven(
    { done, cos, sin }: Stage,
    re: Float64Array,
    im: Float64Array,
    outRe: Float64Array,
    outIm: Float64Array,
    sign: 1 | -1,
    lines: number,
  ): void {
    const run = (this.#size / (done * 7)) * lines;
    const apart = done * run;
    const [rootCos, rootSin] = this.#roots.get(7)!;
    const [c1, c2, c3] = [rootCos[1]!, rootCos[2]!, rootCos[3]!];
    const [s1, s2, s3] = [sign * rootSin[1]!, sign * rootSin[2]!, sign * rootSin[3]!];
    for (let j = 0; j < done; j++) {
      const [u1, u2, u3] = [cos[j * 7 + 1]!, cos[j * 7 + 2]!, cos[j * 7 + 3]!];
      const [u4, u5, u6] = [cos[j * 7 + 4]!, cos[j * 7 + 5]!, cos[j * 7 + 6]!];
      const [v1, v2, v3] = [sign * sin[j * 7 + 1]!, sign * sin[j * 7 + 2]!, sign * sin[j * 7 + 3]!];
      const [v4, v5, v6] = [sign * sin[j * 7 + 4]!, sign * sin[j * 7 + 5]!, sign * sin[j * 7 + 6]!];
      const from = j * 7 * run;
      const to = j * run;
      for (let i = 0; i < run; i++) {
        let at = from + i;
        const r0 = re[at]!;
        const i0 = im[at]!;
        let x = re[(at += run)]!;
        let y = im[at]!;
        const p1 = x * u1 - y * v1;
        const q1 = x * v1 + y * u1;
        x = re[(at += run)]!;
        y = im[at]!;
        const p2 = x * u2 - y * v2;
        const q2 = x * v2 + y * u2;
        x = re[(at += run)]!;
        y = im[at]!;
        const p3 = x * u3 - y * v3;
        const q3 = x * v3 + y * u3;
        x = re[(at += run)]!;
        y = im[at]!;
        const p4 = x * u4 - y * v4;
        const q4 = x * v4 + y * u4;
        x = re[(at += run)]!;
        y = im[at]!;
        const p5 = x * u5 - y * v5;
        const q5 = x * v5 + y * u5;
        x = re[(at += run)]!;
        y = im[at]!;
        const p6 = x * u6 - y * v6;
        const q6 = x * v6 + y * u6;
        // Sums and differences of parts p and 7 - p.
        const [a1, b1, d1, e1] = [p1 + p6, q1 + q6, p1 - p6, q1 - q6];
        const [a2, b2, d2, e2] = [p2 + p5, q2 + q5, p2 - p5, q2 - q5];
        const [a3, b3, d3, e3] = [p3 + p4, q3 + q4, p3 - p4, q3 - q4];
        const o = to + i;
        outRe[o] = r0 + a1 + a2 + a3;
        outIm[o] = i0 + b1 + b2 + b3;
        let evenRe = r0 + c1 * a1 + c2 * a2 + c3 * a3;
        let evenIm = i0 + c1 * b1 + c2 * b2 + c3 * b3;
        let oddRe = s1 * d1 + s2 * d2 + s3 * d3;
        let oddIm = s1 * e1 + s2 * e2 + s3 * e3;
        outRe[o + apart] = evenRe - oddIm;
        outIm[o + apart] = evenIm + oddRe;
        outRe[o + 6 * apart] = evenRe + oddIm;
        outIm[o + 6 * apart] = evenIm - oddRe;
        evenRe = r0 + c2 * a1 + c3 * a2 + c1 * a3;
        evenIm = i0 + c2 * b1 + c3 * b2 + c1 * b3;
        oddRe = s2 * d1 - s3 * d2 - s1 * d3;
        oddIm = s2 * e1 - s3 * e2 - s1 * e3;
        outRe[o + 2 * apart] = evenRe - oddIm;
        outIm[o + 2 * apart] = evenIm + oddRe;
        outRe[o + 5 * apart] = evenRe + oddIm;
        outIm[o + 5 * apart] = evenIm - oddRe;
        evenRe = r0 + c3 * a1 + c1 * a2 + c2 * a3;
        evenIm = i0 + c3 * b1 + c1 * b2 + c2 * b3;
        oddRe = s3 * d1 - s1 * d2 + s2 * d3;
        oddIm = s3 * e1 - s1 * e2 + s2 * e3;
        outRe[o + 3 * apart] = evenRe - oddIm;
        outIm[o + 3 * apart] = evenIm + oddRe;
        outRe[o + 4 * apart] = evenRe + oddIm;
        outIm[o + 4 * apart] = evenIm - oddRe;
      }
    }
  }

  /** Parts p and radix - p share their cosines, and their sines but for the sign. */
  #odd(
    { radix, done, cos, sin }: Stage,
    re: Float64Array,
    im: Float64Array,
    outRe: Float64Array,
    outIm: Float64Array,
    sign: 1 | -1,
    lines: number,
  ): void {
    const run = (this.#size / (done * radix)) * lines;
    const apart = done * run;
    const [rootCos, rootSin] = this.#roots.get(radix)!;
    const pairs = (radix - 1) / 2;
    if (this.#scratchRe.length < radix * run) {
      this.#scratchRe = new Float64Array(radix * run);
      this.#scratchIm = new Float64Array(radix * run);
    }
    const [partRe, partIm] = [this.#scratchRe, this.#scratchIm];
    for (let j = 0; j < done; j++) {
      const from = j * radix * run;
      const to = j * run;
      // Part 0, then sums (at p) and differences (at radix - p) of the parts of each pair.
      for (let i = 0; i < run; i++) {
        outRe[to + i] = partRe[i] = re[from + i]!;
        outIm[to + i] = partIm[i] = im[from + i]!;
      }
      for (let p = 1; p <= pairs; p++) {
        const q = radix - p;
        const cp = cos[j * radix + p]!;
        const sp = sign * sin[j * radix + p]!;
        const cq = cos[j * radix + q]!;
        const sq = sign * sin[j * radix + q]!;
        for (let i = 0; i < run; i++) {
          const xp = re[from + p * run + i]!;
          const yp = im[from + p * run + i]!;
          const xq = re[from + q * run + i]!;
          const yq = im[from + q * run + i]!;
          const ar = xp * cp - yp * sp;
          const ai = xp * sp + yp * cp;
          const br = xq * cq - yq * sq;
          const bi = xq * sq + yq * cq;
          partRe[p * run + i] = ar + br;
          partIm[p * run + i] = ai + bi;
          partRe[q * run + i] = ar - br;
          partIm[q * run + i] = ai - bi;
          outRe[to + i] = outRe[to + i]! + ar + br;
          outIm[to + i] = outIm[to + i]! + ai + bi;
        }
      }
      for (let k = 1; k <= pairs; k++) {
        const low = to + k * apart;
        const high = to + (radix - k) * apart;
        for (let i = 0; i < run; i++) {
          outRe[low + i] = outRe[high + i] = partRe[i]!;
          outIm[low + i] = outIm[high + i] = partIm[i]!;
        }
        for (let p = 1; p <= pairs; p++) {
          const c = rootCos[(p * k) % radix]!;
          const s = sign * rootSin[(p * k) % radix]!;
          const [sum, difference] = [p * run, (radix - p) * run];
          for (let i = 0; i < run; i++) {
            const evenRe = c * partRe[sum + i]!;
            const evenIm = c * partIm[sum + i]!;
            const oddRe = s * partRe[difference + i]!;
            const oddIm = s * partIm[difference + i]!;
            outRe[low + i] = outRe[low + i]! + evenRe - oddIm;
            outIm[low + i] = outIm[low + i]! + evenIm + oddRe;
            outRe[high + i] = outRe[high + i]! + evenRe + oddIm;
            outIm[high + i] = outIm[high + i]! + evenIm - oddRe;
          }
        }
      }
    }
  }
}

/** Fours, at most one two, then odd primes, whose product is the size. */
function radices(size: number): number[] {
  const factors: number[] = [];
  let rest = size;
  for (; rest % 4 === 0; rest /= 4) factors.push(4);
  if (rest % 2 === 0) {
    factors.push(2);
    rest /= 2;
  }
  for (let prime = 3; prime * prime <= rest; prime += 2) {
    for (; rest % prime === 0; rest /= prime) factors.push(prime);
  }
  if (rest > 1) factors.push(rest);
  return factors;
}
