/** Header modes of the server. */
export type Mode = 'plain' | 'isolated' | 'strict';
/**
 * Starts a server for a folder on this machine only; port 0 takes any free one. While something is still making
 * pictures, one that is not there yet is waited for.
 */
export function serve(
  folder: string,
  options?: { port?: number; mode?: Mode; making?: () => boolean },
): Promise<{ url: string; close: () => Promise<void> }>;
