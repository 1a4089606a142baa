import type { ViteUserConfig } from 'vitest/config';

/** Settings of vitest for every package. */
export const settings: ViteUserConfig;
