import { launch, type Browser, type Page } from 'puppeteer-core';
import { expect, galleryUrl, test } from '../support/viewer.js';

/** Playwright drives a Firefox of its own making only; this is the one that people have. */
const executablePath = process.env.CONVLENS_FIREFOX;

/** What an element says, in whatever shadow it stands; nothing while it is not there. */
const textOf = async (page: Page, selector: string): Promise<string | undefined> => {
  const found = await page.$(`>>> ${selector}`);
  return found?.evaluate((element) => (element as HTMLElement).innerText);
};
const classesOf = (page: Page): Promise<string | undefined> =>
  textOf(page, 'ol[aria-label="Most probable classes"] li');

/** How many values the pixels of an element's canvas have. */
const richness = async (page: Page, element: string): Promise<number> => {
  const found = await page.$(`>>> ${element} >>> canvas`);
  return found!.evaluate((canvas) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(data).size;
  });
};

test.describe('Firefox', { tag: '@full' }, () => {
  let browser: Browser;
  test.beforeAll(async () => {
    expect(
      executablePath,
      'Expected Firefox (Debian: apt-get install firefox-esr), or CONVLENS_FIREFOX with its path.',
    ).toBeDefined();
    browser = await launch({ browser: 'firefox', executablePath: executablePath!, headless: true });
  });
  test.afterAll(() => browser?.close());

  for (const mode of ['plain', 'strict'] as const) {
    test(`viewer and studio show pictures and the right class, headers: ${mode}`, async () => {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      await page.setViewport({ width: 1440, height: 900 });
      const viewer = '#v=1&network=alexnet&image=lemon&view=maps&layer=relu1';
      await page.goto(`${galleryUrl(mode)}filter-viewer/${viewer}`);
      await expect.poll(() => classesOf(page), { timeout: 120_000 }).toContain('lemon');
      expect(await textOf(page, '.readout')).toContain('relu1: 32');
      expect(await textOf(page, '[data-backend=wasm]')).toBeDefined();
      expect(await richness(page, 'lens-tile-grid')).toBeGreaterThan(50);

      await page.goto(
        `${galleryUrl(mode)}dream-studio/#v=1&network=alexnet&target=48&set=steps:60`,
      );
      await expect.poll(() => textOf(page, '.status'), { timeout: 180_000 }).toContain('Done');
      expect(await textOf(page, '.subject')).toBe('lemon');
      expect(await richness(page, 'lens-picture.main')).toBeGreaterThan(80);
      await expect.poll(() => classesOf(page)).toContain('lemon');
      expect(errors).toEqual([]);
      await page.close();
    });
  }
});
