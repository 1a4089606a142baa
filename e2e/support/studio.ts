import { readFileSync } from 'node:fs';
import { expect, type Download, type Locator, type Page } from '@playwright/test';
import { test as base, Viewer } from './viewer.js';

/** The dream studio as a person sees it. */
export class Studio extends Viewer {
  /** Opens the studio at a link. */
  override async open(hash = ''): Promise<void> {
    await this.page.goto(`${this.base}dream-studio/${hash === '' ? '' : `#v=1&${hash}`}`);
  }

  get status(): Locator {
    return this.page.locator('.status');
  }

  get subject(): Locator {
    return this.page.locator('.subject');
  }

  get film(): Locator {
    return this.page.getByRole('list', { name: 'Kept frames' }).getByRole('listitem');
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name });
  }

  /** Waits until the recipe is done. */
  async done(timeout = 120_000): Promise<void> {
    await expect(this.status).toContainText('Done', { timeout });
  }

  /** Opens the numbers and sets one. */
  async setNumber(label: string, value: number): Promise<void> {
    const details = this.page.locator('.what details');
    if (!(await details.evaluate((one) => (one as HTMLDetailsElement).open))) {
      await details.locator('summary').click();
    }
    const input = this.page.getByLabel(label, { exact: true });
    await input.fill(String(value));
    await input.press('Enter');
  }

  /** Colours of the picture, sampled: a fingerprint of what is shown. */
  async picture(): Promise<number[]> {
    return this.page.locator('lens-picture.main').evaluate((picture) => {
      const canvas = picture.shadowRoot!.querySelector('canvas')!;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      const seen: number[] = [];
      for (let i = 0; i < data.length; i += 4 * 101)
        seen.push(data[i]!, data[i + 1]!, data[i + 2]!);
      return seen;
    });
  }

  /** The step of the run that this browser keeps for the next visit, and none before there is one. */
  async keptStep(): Promise<number | undefined> {
    return this.page.evaluate(async () => {
      const answer = <T>(request: IDBRequest<T>): Promise<T> =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error ?? new Error('IndexedDB'));
        });
      const store = await answer(indexedDB.open('keyval-store'));
      try {
        const kept = store.transaction('keyval').objectStore('keyval').get('convlens-dream-studio');
        return ((await answer(kept)) as { frame: { step: number } } | undefined)?.frame.step;
      } finally {
        store.close();
      }
    });
  }

  /** Saves the run and gives the file. */
  async save(title: string): Promise<{ name: string; bytes: Buffer }> {
    const download: Promise<Download> = this.page.waitForEvent('download', { timeout: 120_000 });
    await this.page.locator('.film-side').getByLabel('Save').selectOption(title);
    const file = await download;
    return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
  }

  /** Gives a recipe to the studio through its button. */
  async takeRecipe(name: string, content: string | Buffer): Promise<void> {
    const mimeType = name.endsWith('.png') ? 'image/png' : 'application/json';
    await this.chooseFile('Recipe…', { name, mimeType, buffer: Buffer.from(content) });
  }
}

/** How many different values a fingerprint has. */
export const variety = (picture: readonly number[]): number => new Set(picture).size;

/** Mean difference of two fingerprints in grey levels. */
export function difference(a: readonly number[], b: readonly number[]): number {
  return a.length === b.length
    ? a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length
    : Infinity;
}

/** Opens a second page on the same gallery. */
export const studioOn = (page: Page, like: Studio): Studio => new Studio(page, like.base);

/** Tests with a studio. */
export const test = base.extend<{ studio: Studio }>({
  studio: async ({ viewer }, use) => {
    await use(new Studio(viewer.page, viewer.base));
  },
});

export { expect };
