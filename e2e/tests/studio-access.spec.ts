import { COMBINATIONS, expectAccessible, tagOf } from '../support/accessibility.js';
import { expect, test } from '../support/studio.js';

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
      await studio.button('DeepDream').click();
      await studio.done();
      await studio.takeRecipe('a.json', 'x');
      await expect(studio.problem).toBeVisible();
      await expectAccessible(page);
      await studio.button('Unit').click();
      await studio.done();
      await studio.button(/All .* units/).click();
      await expect(page.locator('.wallhead')).toContainText(/[1-9]\d* of/, { timeout: 120_000 });
      await studio.button('Stop').click();
      await expectAccessible(page);
      await studio.shot(`studio-wall-${width}-${scheme}`);
    },
  );
}
