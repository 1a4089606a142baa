import { playwright } from '@vitest/browser-playwright';
import { BROWSER_FLAGS, findBrowser } from '@convlens/tooling/browser.mjs';
import { settings } from '@convlens/tooling/vitest.mjs';
import { defineConfig, mergeConfig } from 'vitest/config';

// Elements are tested in a real browser: the one that the tests of whole pages run in.
export default mergeConfig(
  settings,
  defineConfig({
    // Bundled before the first test: found later, they would load a test again while it runs.
    optimizeDeps: {
      include: ['lit', 'lit/directives/repeat.js', '@convlens/engine > comlink'],
    },
    test: {
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({
          launchOptions: {
            executablePath: findBrowser(new URL('../../', import.meta.url)),
            args: [...BROWSER_FLAGS],
          },
        }),
        instances: [{ browser: 'chromium' }],
        viewport: { width: 800, height: 600 },
      },
    },
  }),
);
