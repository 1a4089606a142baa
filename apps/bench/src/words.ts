import type { Work } from '@convlens/core';
import type { Group } from './comparison.js';

/** Titles of networks by id. */
export type Titles = ReadonlyMap<string, string>;

/** What each kind of work is called. */
export const WORK_TITLES: Readonly<Record<Work, string>> = {
  forward: 'Forward pass',
  gradient: 'Value and gradient',
  dream: 'Dream step',
  besides: 'Dream step without the network',
};

/** The work of a group, in words. */
export function groupTitle({ network, work, batch }: Group, titles: Titles): string {
  const images = batch === 1 ? '' : `, ${batch} images at once`;
  return `${titles.get(network) ?? network}: ${WORK_TITLES[work].toLowerCase()}${images}`;
}

/** How many times as long as the fastest. */
export function ratioText(ratio: number): string {
  if (ratio === 1) return 'fastest';
  return `${ratio < 10 ? ratio.toFixed(2) : Math.round(ratio)} ×`;
}

/** A relative difference, short: `3e-7`. */
export function differenceText(value: number | undefined): string {
  if (value === undefined) return '';
  if (!Number.isFinite(value)) return 'not finite';
  return value === 0 ? '0' : value.toExponential(0).replace('-', '\u2212');
}
