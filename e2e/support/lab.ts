import { readFileSync } from 'node:fs';
import { expect, type Locator, type Page } from '@playwright/test';
import { test as base, Viewer } from './viewer.js';

/** The adversarial lab as a person sees it. */
export class Lab extends Viewer {
  /** Opens the lab at a link. */
  override async open(hash = ''): Promise<void> {
    await this.page.goto(`${this.base}adversarial-lab/${hash === '' ? '' : `#v=1&${hash}`}`);
  }

  /** What came of the attack, in words. */
  get verdict(): Locator {
    return this.page.locator('.verdict h2');
  }

  /** What is open below the experiment. */
  get panel(): Locator {
    return this.page.getByRole('tabpanel');
  }

  /** Classes of the original. */
  get before(): Locator {
    return this.page.locator('.before li');
  }

  /** Classes of the result. */
  get after(): Locator {
    return this.page.locator('.after li');
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  tab(name: string): Locator {
    return this.page.getByRole('tab', { name });
  }

  /** Waits until the attack has come to its end. */
  async done(timeout = 120_000): Promise<void> {
    await expect(this.verdict).toHaveText(/^(Fooled|Not fooled)/, { timeout });
  }

  /** Waits until what a tab computes is done. */
  async panelDone(timeout = 120_000): Promise<void> {
    await expect(this.panel.getByRole('button', { name: 'Stop' })).toHaveCount(0, { timeout });
  }

  /** Saves the attack and gives the file. */
  async save(title: string): Promise<{ name: string; bytes: Buffer }> {
    const download = this.page.waitForEvent('download', { timeout: 120_000 });
    await this.page.getByLabel('Save', { exact: true }).selectOption(title);
    const file = await download;
    return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
  }

  /** Presses a button of a tab that saves a file. */
  async saveFromPanel(button: string): Promise<Buffer> {
    const download = this.page.waitForEvent('download');
    await this.panel.getByRole('button', { name: button, exact: true }).click();
    return readFileSync(await (await download).path());
  }

  /** Pixels of one of the three pictures, sampled. */
  async picture(kind: 'original' | 'change' | 'result'): Promise<number[]> {
    return this.page.locator(`figure.${kind} lens-picture`).evaluate((picture) => {
      const canvas = picture.shadowRoot!.querySelector('canvas')!;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return Array.from({ length: 500 }, (_, i) => data[4 * Math.floor((i * data.length) / 2000)]!);
    });
  }
}

/** Opens a second page on the same gallery. */
export const labOn = (page: Page, like: Lab): Lab => new Lab(page, like.base);

/** Tests with a lab. */
export const test = base.extend<{ lab: Lab }>({
  lab: async ({ viewer }, use) => {
    await use(new Lab(viewer.page, viewer.base));
  },
});

export { expect };
