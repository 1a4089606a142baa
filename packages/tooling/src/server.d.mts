/** Header modes of the server. */
export type Mode = 'plain' | 'isolated' | 'strict';
/** Starts a server for a folder on this machine only; port 0 takes any free one. */
export function serve(
  folder: string,
  options?: { port?: number; mode?: Mode },
): Promise<{ url: string; close: () => Promise<void> }>;
