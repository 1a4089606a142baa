// How elements and what apps hold are tested: in a real browser, without a page.
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { BROWSER_FLAGS, findBrowser } from './browser.mjs';
import { settings } from './vitest.mjs';

const root = new URL('../../../', import.meta.url);

/**
 * Settings of vitest for tests in the browser that those of whole pages run in.
 *
 * @param {readonly string[]} bundled dependencies that are bundled before the first test: found later, they would load a test
 *   again while it runs
 * @returns {import('vitest/config').ViteUserConfig}
 */
export const inBrowser = (bundled) => ({
  optimizeDeps: { include: [...bundled] },
  // Tests of an app use the fake engine of the elements.
  server: { fs: { allow: [fileURLToPath(root)] } },
  test: {
    ...settings.test,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { executablePath: findBrowser(root), args: [...BROWSER_FLAGS] },
      }),
      instances: [{ browser: 'chromium' }],
      viewport: { width: 800, height: 600 },
    },
  },
});
