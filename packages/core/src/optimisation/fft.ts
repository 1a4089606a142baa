/**
 * A complex discrete Fourier transform of any length, by mixed radices (Cooley and Tukey 1965): n log n for lengths
 * of small primes, as image sides are (64, 224 = 2^5 7), n^2 for a prime.
 */
export class Fft {
  readonly #size: number;
  readonly #factors: readonly number[];
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  /** @param size number of samples */
  constructor(size: number) {
    this.#size = size;
    this.#factors = primeFactors(size);
    const angle = (2 * Math.PI) / size;
    this.#cos = Float64Array.from({ length: size }, (_, i) => Math.cos(angle * i));
    this.#sin = Float64Array.from({ length: size }, (_, i) => Math.sin(angle * i));
    const widest = Math.max(1, ...this.#factors);
    this.#re = new Float64Array(widest);
    this.#im = new Float64Array(widest);
  }

  /**
   * X[k] = sum over n of x[n] exp(sign 2 pi i k n / size), not scaled.
   *
   * @param re real parts `[size]`; left as they are
   * @param im imaginary parts `[size]`; left as they are
   * @param outRe receives the real parts
   * @param outIm receives the imaginary parts
   * @param sign -1 for the transform, 1 for its inverse (but for the factor 1 / size)
   */
  transform(
    re: Float64Array,
    im: Float64Array,
    outRe: Float64Array,
    outIm: Float64Array,
    sign: 1 | -1,
  ): void {
    this.#recurse(re, im, 0, 1, outRe, outIm, 0, this.#size, 0, sign);
  }

  /** The transform of `size` samples at `from`, `stride` apart, into `to` onwards. */
  #recurse(
    re: Float64Array,
    im: Float64Array,
    from: number,
    stride: number,
    outRe: Float64Array,
    outIm: Float64Array,
    to: number,
    size: number,
    depth: number,
    sign: 1 | -1,
  ): void {
    if (size === 1) {
      outRe[to] = re[from]!;
      outIm[to] = im[from]!;
      return;
    }
    const radix = this.#factors[depth]!;
    const part = size / radix;
    for (let r = 0; r < radix; r++) {
      this.#recurse(
        re,
        im,
        from + r * stride,
        stride * radix,
        outRe,
        outIm,
        to + r * part,
        part,
        depth + 1,
        sign,
      );
    }
    if (radix === 2) this.#pairs(outRe, outIm, to, part, stride, sign);
    else this.#combine(outRe, outIm, to, part, radix, stride, sign);
  }

  #pairs(
    re: Float64Array,
    im: Float64Array,
    to: number,
    part: number,
    stride: number,
    sign: 1 | -1,
  ): void {
    for (let k = 0; k < part; k++) {
      const cos = this.#cos[k * stride]!;
      const sin = sign * this.#sin[k * stride]!;
      const a = to + k;
      const b = a + part;
      const real = re[b]! * cos - im[b]! * sin;
      const imaginary = re[b]! * sin + im[b]! * cos;
      re[b] = re[a]! - real;
      im[b] = im[a]! - imaginary;
      re[a] = re[a]! + real;
      im[a] = im[a]! + imaginary;
    }
  }

  #combine(
    re: Float64Array,
    im: Float64Array,
    to: number,
    part: number,
    radix: number,
    stride: number,
    sign: 1 | -1,
  ): void {
    const full = this.#size;
    const partsRe = this.#re;
    const partsIm = this.#im;
    for (let k = 0; k < part; k++) {
      for (let r = 0; r < radix; r++) {
        partsRe[r] = re[to + r * part + k]!;
        partsIm[r] = im[to + r * part + k]!;
      }
      for (let q = 0; q < radix; q++) {
        let real = 0;
        let imaginary = 0;
        const turn = (k + q * part) * stride;
        for (let r = 0; r < radix; r++) {
          const at = (r * turn) % full;
          const cos = this.#cos[at]!;
          const sin = sign * this.#sin[at]!;
          real += partsRe[r]! * cos - partsIm[r]! * sin;
          imaginary += partsRe[r]! * sin + partsIm[r]! * cos;
        }
        re[to + q * part + k] = real;
        im[to + q * part + k] = imaginary;
      }
    }
  }
}

function primeFactors(size: number): number[] {
  const factors: number[] = [];
  let rest = size;
  for (let prime = 2; prime * prime <= rest; prime++) {
    while (rest % prime === 0) {
      factors.push(prime);
      rest /= prime;
    }
  }
  if (rest > 1) factors.push(rest);
  return factors;
}

/**
 * The two-dimensional inverse transform of half a spectrum to a real image, and its adjoint. A spectrum is stored as
 * numpy's `rfft2` has it, `[height, width / 2 + 1]` with real parts first: `[2, height, floor(width / 2) + 1]`.
 */
export class RealFft2 {
  readonly height: number;
  readonly width: number;
  /** Columns of the half spectrum. */
  readonly columns: number;
  readonly #rows: Fft;
  readonly #cols: Fft;
  readonly #re: Float64Array;
  readonly #im: Float64Array;
  readonly #line: readonly [Float64Array, Float64Array, Float64Array, Float64Array];

  /**
   * @param height of the image
   * @param width of the image
   */
  constructor(height: number, width: number) {
    this.height = height;
    this.width = width;
    this.columns = Math.floor(width / 2) + 1;
    this.#rows = new Fft(width);
    this.#cols = height === width ? this.#rows : new Fft(height);
    this.#re = new Float64Array(height * this.columns);
    this.#im = new Float64Array(height * this.columns);
    const longest = Math.max(height, width);
    const line = (): Float64Array => new Float64Array(longest);
    this.#line = [line(), line(), line(), line()];
  }

  /** Numbers of one spectrum: real and imaginary parts. */
  get length(): number {
    return 2 * this.height * this.columns;
  }

  /**
   * The image of a spectrum: numpy's `irfft2`, times `height * width`.
   *
   * @param spectrum float32 `[2, height, columns]`, from `offset` on
   * @param image receives float32 `[height, width]`, from `to` on
   * @param offset where the spectrum begins
   * @param to where the image begins
   */
  inverse(spectrum: Float32Array, image: Float32Array, offset = 0, to = 0): void {
    const { height, width, columns } = this;
    const [a, b, c, d] = this.#line;
    const half = height * columns;
    for (let u = 0; u < columns; u++) {
      for (let v = 0; v < height; v++) {
        a[v] = spectrum[offset + v * columns + u]!;
        b[v] = spectrum[offset + half + v * columns + u]!;
      }
      this.#cols.transform(a, b, c, d, 1);
      for (let y = 0; y < height; y++) {
        this.#re[y * columns + u] = c[y]!;
        this.#im[y * columns + u] = d[y]!;
      }
    }
    // Two real rows in one complex transform: row y in the real, row y + 1 in the imaginary parts.
    for (let y = 0; y < height; y += 2) {
      const second = y + 1 < height;
      for (let u = 0; u < columns; u++) {
        // The imaginary parts of the constant and (for even widths) the last column have no mirror image.
        const own = u === 0 || 2 * u === width;
        const re1 = this.#re[y * columns + u]!;
        const im1 = own ? 0 : this.#im[y * columns + u]!;
        const re2 = second ? this.#re[(y + 1) * columns + u]! : 0;
        const im2 = second && !own ? this.#im[(y + 1) * columns + u]! : 0;
        a[u] = re1 - im2;
        b[u] = im1 + re2;
        if (own) continue;
        a[width - u] = re1 + im2;
        b[width - u] = re2 - im1;
      }
      this.#rows.transform(a, b, c, d, 1);
      for (let x = 0; x < width; x++) {
        image[to + y * width + x] = c[x]!;
        if (second) image[to + (y + 1) * width + x] = d[x]!;
      }
    }
  }

  /**
   * The adjoint of `inverse` (with real and imaginary parts as separate numbers): numpy's `rfft2`, columns that
   * stand for two counted twice.
   *
   * @param image float32 `[height, width]`, from `from` on
   * @param spectrum receives float32 `[2, height, columns]`, from `offset` on
   * @param from where the image begins
   * @param offset where the spectrum begins
   */
  adjoint(image: Float32Array, spectrum: Float32Array, from = 0, offset = 0): void {
    const { height, width, columns } = this;
    const [a, b, c, d] = this.#line;
    const half = height * columns;
    for (let y = 0; y < height; y += 2) {
      const second = y + 1 < height;
      for (let x = 0; x < width; x++) {
        a[x] = image[from + y * width + x]!;
        b[x] = second ? image[from + (y + 1) * width + x]! : 0;
      }
      this.#rows.transform(a, b, c, d, -1);
      for (let u = 0; u < columns; u++) {
        const mirror = u === 0 ? 0 : width - u;
        const weight = u === 0 || 2 * u === width ? 0.5 : 1;
        this.#re[y * columns + u] = weight * (c[u]! + c[mirror]!);
        this.#im[y * columns + u] = weight * (d[u]! - d[mirror]!);
        if (!second) continue;
        this.#re[(y + 1) * columns + u] = weight * (d[u]! + d[mirror]!);
        this.#im[(y + 1) * columns + u] = weight * (c[mirror]! - c[u]!);
      }
    }
    for (let u = 0; u < columns; u++) {
      for (let y = 0; y < height; y++) {
        a[y] = this.#re[y * columns + u]!;
        b[y] = this.#im[y * columns + u]!;
      }
      this.#cols.transform(a, b, c, d, -1);
      for (let v = 0; v < height; v++) {
        spectrum[offset + v * columns + u] = c[v]!;
        spectrum[offset + half + v * columns + u] = d[v]!;
      }
    }
  }
}
