/** Path of a Chromium or Chrome; gets one when there is none. */
export function findBrowser(root: URL): string;
/** Path of a Firefox, which is got where it can be; `undefined` when there is none. */
export function findFirefox(): string | undefined;
/** Flags of every test browser. */
export const BROWSER_FLAGS: readonly string[];

/** The same on the machine's own GPU, for benches. */
export const GPU_FLAGS: readonly string[];
