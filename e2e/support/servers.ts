import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { serve } from '@convlens/tooling/server.mjs';

const gallery = fileURLToPath(new URL('../../apps/gallery/dist/', import.meta.url));

const records = fileURLToPath(new URL('../artifacts/conformance/', import.meta.url));

/** Serves the built gallery in every header mode while the tests run. */
export default async function start(): Promise<() => Promise<void>> {
  // What an earlier run compared says nothing of this one.
  rmSync(records, { recursive: true, force: true });
  const modes = ['plain', 'isolated', 'strict'] as const;
  const servers = await Promise.all(modes.map((mode) => serve(gallery, { mode })));
  modes.forEach((mode, i) => {
    process.env[`CONVLENS_URL_${mode.toUpperCase()}`] = servers[i]!.url;
  });
  return async () => {
    await Promise.all(servers.map((server) => server.close()));
  };
}
