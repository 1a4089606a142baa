let wide: Uint32Array | undefined;
let narrow: { base: Uint16Array; shift: Uint8Array } | undefined;

/**
 * Bits of the float32 of every float16. A subnormal m is m * 2^-24, which float32 holds as a normal number, so its
 * leading one has to be found.
 */
function wideTable(): Uint32Array {
  const table = new Uint32Array(65536);
  for (let half = 0; half < 32768; half++) {
    const exponent = half >> 10;
    let bits: number;
    if (exponent === 0) {
      const zeros = Math.clz32(half) - 21;
      bits = half === 0 ? 0 : ((113 - zeros) << 23) | (((half << zeros) & 0x3ff) << 13);
    } else {
      bits = ((exponent === 31 ? 255 : exponent + 112) << 23) | ((half & 0x3ff) << 13);
    }
    table[half] = bits;
    table[half | 0x8000] = bits | 0x80000000;
  }
  return table;
}

/** What float16 begins with, and how far the mantissa moves, for each of float32's 512 signs and exponents. */
function narrowTables(): { base: Uint16Array; shift: Uint8Array } {
  const base = new Uint16Array(512);
  const shift = new Uint8Array(512);
  for (let i = 0; i < 512; i++) {
    const exponent = (i & 255) - 127;
    const sign = (i & 256) << 7;
    if (exponent > 15) {
      base[i] = sign | 0x7c00;
      shift[i] = 31;
    } else if (exponent >= -14) {
      base[i] = sign | ((exponent + 15) << 10);
      shift[i] = 13;
    } else {
      base[i] = sign;
      shift[i] = exponent >= -25 ? -exponent - 1 : 31;
    }
  }
  return { base, shift };
}

/**
 * float16 to float32, exactly (every float16 is a float32; a NaN keeps its payload).
 *
 * @param bits float16 numbers as their bits (IEEE 754 binary16)
 */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  const table = (wide ??= wideTable());
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = table[bits[i]!]!;
  return new Float32Array(out.buffer);
}

/**
 * float32 to float16, rounded to the nearest, ties to even; what is too large becomes infinity.
 *
 * @param data numbers
 * @returns their float16 bits (IEEE 754 binary16)
 */
export function float32ToFloat16(data: Float32Array): Uint16Array {
  const { base, shift } = (narrow ??= narrowTables());
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const out = new Uint16Array(data.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!;
    const top = word >>> 23;
    const move = shift[top]!;
    let half = base[top]!;
    if (move < 31) {
      // The leading one is implicit in a normal float16 and explicit in a subnormal one.
      const mantissa = (word & 0x7fffff) | (move > 13 ? 0x800000 : 0);
      // Just less than a half is added, and one more when the last bit is odd: ties go to even. A carry out of the
      // mantissa goes into the exponent, which is what rounding up means there.
      const odd = (mantissa >> move) & 1;
      half += (mantissa + (1 << (move - 1)) - 1 + odd) >> move;
    } else if ((word & 0x7fffffff) > 0x7f800000) {
      half |= 0x200 | ((word >> 13) & 0x1ff);
    }
    out[i] = half;
  }
  return out;
}
