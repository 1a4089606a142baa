import { defineConfig } from '@playwright/test';
import { BROWSER_FLAGS } from '@convlens/tooling/browser.mjs';
import { full } from '@convlens/tooling/tier.mjs';

const executablePath = process.env.CONVLENS_CHROMIUM;

export default defineConfig({
  testDir: 'tests',
  outputDir: 'artifacts/results',
  globalSetup: './support/servers.ts',
  // Generous, because two browsers share what other programs leave them; nothing here measures time.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  // Two cores: one browser computes, the other core serves and compares.
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  // `@full` waits for the run of everything (docs/decisions/0015-two-tiers-of-tests.md).
  ...(full ? {} : { grepInvert: /@full/ }),
  reporter: [['list']],
  use: {
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      args: [...BROWSER_FLAGS],
      ...(executablePath === undefined ? {} : { executablePath }),
    },
  },
  projects: [
    {
      name: 'plain',
      testMatch:
        /(viewer|errors|access|gallery|embed|derivatives|patches|live|studio|bench|lab|lifetimes|failures)\.spec/,
    },
    // With threads, the pages are the same: `@isolated` tells whether they start.
    {
      name: 'isolated',
      testMatch: /(viewer|errors)\.spec/,
      ...(full ? {} : { grep: /@isolated/ }),
    },
    { name: 'firefox', testMatch: /firefox\.spec/ },
    { name: 'conformance', testMatch: /(conformance|recovery)\.spec/ },
  ],
});
