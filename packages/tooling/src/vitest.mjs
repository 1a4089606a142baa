// How every package's unit tests run.

/**
 * Settings of vitest. The limit of time is generous, because two suites share two cores; nothing here measures time.
 *
 * @type {import('vitest/config').ViteUserConfig}
 */
export const settings = { test: { include: ['test/**/*.test.ts'], testTimeout: 240_000 } };
