import { float16ToFloat32, float32ToFloat16 } from '../float16.js';
import { arrayOf } from '../dtypes.js';
import { isSymbolic, toDims, type Cells, type Operand } from '../operand.js';
import type { DType } from '../tensor.js';

/**
 * An operand whose elements JavaScript can calculate with: float16 as float32, everything else as it is.
 *
 * @param operand any operand without symbols
 */
export function computable(operand: Operand): Operand {
  if (operand.dtype !== 'float16') return operand;
  return { ...operand, dtype: 'float32', data: float16ToFloat32(operand.data as Uint16Array) };
}

/**
 * The result of a calculation as elements of a type, float16 from float32.
 *
 * @param operand what was calculated
 * @param dtype the type it is to have
 */
export function stored(operand: Operand, dtype: DType): Operand {
  if (dtype !== 'float16') return operand;
  return { ...operand, dtype, data: float32ToFloat16(operand.data as Float32Array) };
}

/**
 * The elements as another type, as C converts them; `undefined` for text.
 *
 * @param operand any operand
 * @param to the type
 */
export function cast(operand: Operand, to: DType): Operand | undefined {
  const { dtype, shape } = operand;
  if (dtype === to) return operand;
  if (dtype === 'string' || to === 'string') return undefined;
  if (isSymbolic(operand)) {
    return /^u?int(32|64)$/.test(to) ? { dtype: to, shape, data: toDims(operand) } : undefined;
  }
  const { data } = computable(operand);
  if (to === 'float16') {
    return { dtype: to, shape, data: float32ToFloat16(Float32Array.from(data, Number)) };
  }
  // The quick way for what matters: weights that are stored as float16.
  if (to === 'float32' && data instanceof Float32Array) return { dtype: to, shape, data };
  const out: Cells = new (arrayOf(to))(data.length);
  const big = to === 'int64' || to === 'uint64';
  const whole = big || !to.startsWith('float');
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number | bigint;
    if (to === 'bool') out[i] = value ? 1 : 0;
    else if (big) out[i] = typeof value === 'bigint' ? value : BigInt(finite(value));
    else out[i] = whole ? finite(Number(value)) : Number(value);
  }
  return { dtype: to, shape, data: out };
}

/** A number without its fraction; 0 where it has no integer. */
function finite(value: number): number {
  return Number.isFinite(value) ? Math.trunc(value) : 0;
}
