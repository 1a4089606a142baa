import type { StudioState } from './state.js';

/**
 * What is made, in words.
 *
 * @param state what was chosen
 * @param names of the classes
 * @param image title of the image
 */
export function subjectOf(
  state: StudioState,
  names: readonly string[] | undefined,
  image: string,
): string {
  const { make, target = 0, layer, channel, sense, second, joined } = state;
  const nameOf = (index: number): string => names?.[index] ?? `class ${index}`;
  const less = sense === 'less' ? 'the opposite of ' : '';
  const sign = joined === 'minus' ? '\u2212' : '+';
  const other =
    second === undefined ? '' : ` ${sign} ${make === 'class' ? nameOf(second) : second}`;
  if (make === 'class') return less + nameOf(target) + other;
  if (make === 'restarts') return `${nameOf(target)}, rebuilt from noise`;
  if (make === 'rebuild') return `${image} as ${layer} knows it`;
  if (make === 'dream') return `${image} dreaming of ${layer}`;
  return `${less}${layer}${channel === undefined ? '' : ` · channel ${channel}${other}`}`;
}
