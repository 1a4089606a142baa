import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** Colour schemes and widths that every app is looked at in. */
export const COMBINATIONS = [
  ['light', 1440],
  ['dark', 1440],
  ['light', 360],
  ['dark', 360],
] as const;

/** Light and wide, dark and narrow are looked at in every run; the other two where everything is. */
export function tagOf(width: 1440 | 360, scheme: 'light' | 'dark'): string[] {
  return (width === 1440) === (scheme === 'light') ? [] : ['@full'];
}

/** Expects that axe finds nothing, and that nothing is wider than the page. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const findings = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')} ${failureSummary ?? ''}`),
  );
  expect(findings).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
}
