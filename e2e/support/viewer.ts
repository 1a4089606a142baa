import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test as base, type Locator, type Page } from '@playwright/test';

/** Folder of the reference data beside the project, or undefined in a stranger's clone. */
const sharedFolder = fileURLToPath(new URL('../../../shared/', import.meta.url));
export const shared = existsSync(sharedFolder) ? sharedFolder : undefined;

const shots = fileURLToPath(new URL('../artifacts/screenshots/', import.meta.url));

/** Address of the gallery in a header mode. */
export function galleryUrl(mode: 'plain' | 'isolated' | 'strict'): string {
  return process.env[`CONVLENS_URL_${mode.toUpperCase()}`]!;
}

/** The viewer as a person sees it. */
export class Viewer {
  readonly page: Page;
  readonly base: string;

  constructor(page: Page, base: string) {
    this.page = page;
    this.base = base;
  }

  /** Opens the viewer at a link and waits for its first pictures. */
  async open(hash = ''): Promise<void> {
    await this.page.goto(`${this.base}filter-viewer/${hash === '' ? '' : `#v=1&${hash}`}`);
    await expect(this.readout).not.toBeEmpty({ timeout: 90_000 });
  }

  get grid(): Locator {
    return this.page.locator('lens-tile-grid');
  }

  get readout(): Locator {
    return this.page.locator('.readout');
  }

  get problem(): Locator {
    return this.page.getByRole('alert');
  }

  get classes(): Locator {
    return this.page.getByRole('list', { name: 'Most probable classes' }).getByRole('listitem');
  }

  unit(position: number): Locator {
    return this.grid.locator(`[data-position="${position}"]`);
  }

  layer(id: string): Locator {
    return this.page.locator(`lens-spine [data-layer="${id}"]`);
  }

  network(): Locator {
    return this.page.getByLabel('Network', { exact: true });
  }

  /** Shows the feature maps and waits for them. */
  async showMaps(): Promise<void> {
    await this.page.getByRole('tab', { name: 'Feature maps' }).click();
    await expect(this.readout).toContainText('×', { timeout: 90_000 });
  }

  /** Opens a file through the button that a person would press. */
  async chooseFile(
    button: string,
    files: string | { name: string; mimeType: string; buffer: Buffer },
  ): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.page.getByRole('button', { name: button }).click();
    await (await chooser).setFiles(files);
  }

  /** How many different colours the grid shows: a blank or broken canvas has very few. */
  async colours(): Promise<number> {
    return this.grid.evaluate((grid) => {
      const canvas = grid.shadowRoot!.querySelector('canvas')!;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set<number>();
      for (let i = 0; i < data.length; i += 4 * 7) {
        seen.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
      }
      return seen.size;
    });
  }

  /** Keeps a picture of the page among the artifacts. */
  async shot(name: string): Promise<void> {
    mkdirSync(shots, { recursive: true });
    await this.page.screenshot({ path: `${shots}${name}-${base.info().project.name}.png` });
  }
}

/** Lets a page draw frames: what goes on by itself would show in them. */
export async function frames(page: Page, count: number): Promise<void> {
  await page.evaluate(async (left) => {
    for (let i = 0; i < left; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
  }, count);
}

/** Tests with a viewer in the header mode of the project that runs. */
export const test = base.extend<{ viewer: Viewer }>({
  viewer: async ({ page }, use, info) => {
    const mode = info.project.name === 'plain' ? 'plain' : 'isolated';
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await use(new Viewer(page, galleryUrl(mode)));
    expect(errors, 'uncaught errors on the page').toEqual([]);
  },
});

export { expect };
