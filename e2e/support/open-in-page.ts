import type { Page } from '@playwright/test';
import type { ImageId, NetworkId } from '@convlens/engine';

/**
 * Opens an embedded network a second time in the engine of the viewer on the page, as a test's own.
 *
 * @param page with a viewer
 * @param id of the network
 */
export function openNetwork(page: Page, id: string): Promise<NetworkId> {
  return page.evaluate(async (wanted) => {
    const { engine } = document.querySelector('filter-viewer')!;
    const folder = new URL('../models/', document.baseURI);
    const response = await fetch(new URL('manifest.json', folder));
    const { networks } = (await response.json()) as {
      networks: { id: string; file: string; preprocessing: never }[];
    };
    const { file, preprocessing } = networks.find((network) => network.id === wanted)!;
    const url = new URL(file, folder).href;
    return (await engine.openNetwork({ id: wanted, url, knowledge: { preprocessing } })).id;
  }, id);
}

/**
 * Opens a picture made of a formula: noise over shades, as flat colours tie in every pool, and rounding decides.
 *
 * @param page with a viewer
 */
export function openImage(page: Page): Promise<ImageId> {
  return page.evaluate(async () => {
    const { engine } = document.querySelector('filter-viewer')!;
    const [width, height] = [110, 84];
    const data = Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) =>
      i % 4 === 3 ? 255 : 120 + 60 * Math.sin(i / 900) + 40 * Math.sin(12.9898 * i),
    );
    return (await engine.openImage({ pixels: { width, height, data } })).id;
  });
}
