import { settings } from '@convlens/tooling/vitest.mjs';
import { inBrowser } from '@convlens/tooling/vitest-browser.mjs';
import { defineConfig } from 'vitest/config';

const client = inBrowser(['comlink']);

// The worker's side is tested in Node; the page's side in a browser, with a worker that only pretends.
export default defineConfig({
  test: {
    maxWorkers: settings.test!.maxWorkers!,
    projects: [
      { test: { ...settings.test, name: 'worker', exclude: ['test/client/**'] } },
      {
        ...client,
        test: { ...client.test, name: 'client', include: ['test/client/**/*.test.ts'] },
      },
    ],
  },
});
