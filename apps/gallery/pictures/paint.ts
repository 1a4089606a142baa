import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { paintClasses, paintPresets, SHEETS_OF } from './classes.js';
import { dreams, paintDream } from './dreams.js';
import { keeper } from './kept.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * Paints into the built gallery what a network has to be run thousands of times for, in a minute: the pages are there
 * without it.
 */
export async function paint(): Promise<void> {
  const models = here('../../../models/');
  const samples = dirname(
    createRequire(import.meta.url).resolve('@convlens/data/pictures/samples.json'),
  );
  const keep = keeper();
  const put = (file: string, picture: Uint8Array): void => {
    const path = join(here('../dist/'), file);
    mkdirSync(dirname(path), { recursive: true });
    // In one step: what is served meanwhile is whole.
    writeFileSync(`${path}.part`, picture);
    renameSync(`${path}.part`, path);
  };
  const manifest = join(models, 'manifest.json');
  for (const dream of dreams(models)) {
    const { image } = dream.recipe;
    const sample = image === undefined ? undefined : join(samples, `${image}.png`);
    const madeOf = [manifest, dream.model, ...(sample === undefined ? [] : [sample])];
    put(dream.file, await keep(dream.file, madeOf, () => paintDream(dream, sample)));
  }
  for (const [file, make] of [
    ['preset-pictures.png', paintPresets],
    ['class-pictures.png', paintClasses],
  ] as const) {
    const madeOf = [manifest, join(models, SHEETS_OF)];
    put(`models/${file}`, await keep(file, madeOf, () => make(models)));
  }
}
