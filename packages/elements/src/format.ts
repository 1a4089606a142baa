/** A real minus sign, so that a sign is never overlooked. */
const MINUS = '\u2212';

/**
 * A number with three significant digits and a real minus sign.
 *
 * @param value any number; NaN and infinities in words
 */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'not a number';
  if (!Number.isFinite(value)) return value > 0 ? 'infinite' : `${MINUS}infinite`;
  const size = Math.abs(value);
  let text: string;
  if (size === 0) text = '0';
  else if (size >= 1e6 || size < 1e-4) text = size.toExponential(1).replace('e', ' × 10^');
  else if (size >= 100) text = Math.round(size).toString();
  else text = size.toFixed(Math.max(0, 2 - Math.floor(Math.log10(size))));
  return (value < 0 ? MINUS : '') + text.replace('^-', `^${MINUS}`).replace('^+', '^');
}

/**
 * Bytes in the unit a person would use (powers of ten).
 *
 * @param bytes number of bytes
 */
export function formatBytes(bytes: number): string {
  if (bytes < 1e6) return `${Math.max(bytes > 0 ? 1 : 0, Math.round(bytes / 1e3))} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/**
 * A count in short: `2.8 M`, `464 k`, `320`.
 *
 * @param count number of things
 */
export function formatCount(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} G`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`;
  if (count >= 1e4) return `${Math.round(count / 1e3)} k`;
  return String(count);
}

/**
 * A probability in per cent, never rounded to certainty.
 *
 * @param probability 0..1
 */
export function formatProbability(probability: number): string {
  const percent = probability * 100;
  if (percent > 99.9 && percent < 100) return '> 99.9 %';
  if (percent < 0.1 && percent > 0) return '< 0.1 %';
  return `${percent.toFixed(1)} %`;
}

/**
 * Extents as people write them: `64 × 16 × 16`.
 *
 * @param shape extents, outermost first
 */
export function formatShape(shape: readonly number[]): string {
  return shape.join(' × ');
}
