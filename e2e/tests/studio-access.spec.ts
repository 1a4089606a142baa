import { COMBINATIONS, expectAccessible, tagOf } from '../support/accessibility.js';
import { expect, test, type Studio } from '../support/studio.js';

for (const [scheme, width] of COMBINATIONS) {
  test(
    `axe finds nothing in the studio at ${width} px, ${scheme}`,
    { tag: tagOf(width, scheme) },
    async ({ studio, page }) => {
      test.setTimeout(600_000);
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      await studio.open('network=alexnet&target=13&set=steps:40');
      await studio.done();
      await expect(studio.classes).toHaveCount(5);
      await studio.setNumber('Steps', 50);
      await studio.done();
      await expectAccessible(page);
      await studio.shot(`studio-${width}-${scheme}`);
      // A small dream, and a unit of few steps: what is on the page is the same.
      await reopen(studio, 'network=alexnet&make=dream&layer=relu2&set=size:128,steps:3,octaves:2');
      await studio.takeRecipe('a.json', 'x');
      await expect(studio.problem).toBeVisible();
      await expectAccessible(page);
      await reopen(studio, 'network=alexnet&make=unit&layer=relu1&set=steps:10');
      await studio.button(/All .* units/).click();
      await expect(page.locator('.wallhead')).toContainText(/[1-9]\d* of/, { timeout: 120_000 });
      await studio.button('Stop').click();
      await expectAccessible(page);
      await studio.shot(`studio-wall-${width}-${scheme}`);
    },
  );
}

/** Goes to a link on the page that is open, and waits for its run. */
async function reopen(studio: Studio, hash: string): Promise<void> {
  await studio.open(hash);
  await studio.page.reload();
  await studio.done();
}
