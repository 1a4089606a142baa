import type { ViteUserConfig } from 'vitest/config';

export declare function inBrowser(bundled: readonly string[]): ViteUserConfig;
