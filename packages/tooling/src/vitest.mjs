// How every package's unit tests run.

/**
 * Settings of vitest. The limit of time is generous, because suites share two cores; nothing here measures time. Two
 * workers, also where there are two cores: the longest suite is alone at its end.
 *
 * @type {import('vitest/config').ViteUserConfig}
 */
export const settings = {
  test: { include: ['test/**/*.test.ts'], testTimeout: 240_000, maxWorkers: 2 },
};
