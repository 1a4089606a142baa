import { Fft } from './fft.js';

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
  /** Two complex arrays: for the columns of the half spectrum, and for pairs of rows. */
  readonly #buffers: readonly [Float64Array, Float64Array, Float64Array, Float64Array];

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
    const length = Math.max(height * this.columns, width * Math.ceil(height / 2));
    const room = (): Float64Array => new Float64Array(length);
    this.#buffers = [room(), room(), room(), room()];
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
    const [a, b, c, d] = this.#buffers;
    const half = height * columns;
    for (let i = 0; i < half; i++) {
      a[i] = spectrum[offset + i]!;
      b[i] = spectrum[offset + half + i]!;
    }
    this.#cols.transform(a, b, c, d, 1, columns);
    // Two real rows in one complex transform: row 2 k in the real, row 2 k + 1 in the imaginary parts.
    const pairs = Math.ceil(height / 2);
    for (let k = 0; k < pairs; k++) {
      const first = 2 * k * columns;
      const second = 2 * k + 1 < height ? first + columns : -1;
      for (let u = 0; u < columns; u++) {
        // The imaginary parts of the constant and (for even widths) the last column have no mirror image.
        const own = u === 0 || 2 * u === width;
        const re1 = c[first + u]!;
        const im1 = own ? 0 : d[first + u]!;
        const re2 = second < 0 ? 0 : c[second + u]!;
        const im2 = second < 0 || own ? 0 : d[second + u]!;
        a[u * pairs + k] = re1 - im2;
        b[u * pairs + k] = im1 + re2;
        if (own) continue;
        a[(width - u) * pairs + k] = re1 + im2;
        b[(width - u) * pairs + k] = re2 - im1;
      }
    }
    this.#rows.transform(a, b, c, d, 1, pairs);
    for (let k = 0; k < pairs; k++) {
      const first = to + 2 * k * width;
      for (let x = 0; x < width; x++) image[first + x] = c[x * pairs + k]!;
      if (2 * k + 1 === height) break;
      for (let x = 0; x < width; x++) image[first + width + x] = d[x * pairs + k]!;
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
    const [a, b, c, d] = this.#buffers;
    const half = height * columns;
    const pairs = Math.ceil(height / 2);
    for (let k = 0; k < pairs; k++) {
      const first = from + 2 * k * width;
      const second = 2 * k + 1 < height;
      for (let x = 0; x < width; x++) {
        a[x * pairs + k] = image[first + x]!;
        b[x * pairs + k] = second ? image[first + width + x]! : 0;
      }
    }
    this.#rows.transform(a, b, c, d, -1, pairs);
    for (let k = 0; k < pairs; k++) {
      const first = 2 * k * columns;
      const second = 2 * k + 1 < height;
      for (let u = 0; u < columns; u++) {
        const at = u * pairs + k;
        const mirror = u === 0 ? k : (width - u) * pairs + k;
        const weight = u === 0 || 2 * u === width ? 0.5 : 1;
        a[first + u] = weight * (c[at]! + c[mirror]!);
        b[first + u] = weight * (d[at]! - d[mirror]!);
        if (!second) continue;
        a[first + columns + u] = weight * (d[at]! + d[mirror]!);
        b[first + columns + u] = weight * (c[mirror]! - c[at]!);
      }
    }
    this.#cols.transform(a, b, c, d, -1, columns);
    for (let i = 0; i < half; i++) {
      spectrum[offset + i] = c[i]!;
      spectrum[offset + half + i] = d[i]!;
    }
  }
}
