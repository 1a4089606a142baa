import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Packages whose code decides what a picture looks like. */
const PACKAGES = 'onnx autodiff optimizer adapters data runtime core engine'.split(' ');

/** The code that paints: all scripts of those packages, and this folder's. */
function code(): string[] {
  const scripts = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(js|ts)$/.test(file) && !file.endsWith('.d.ts'))
      .map((file) => join(folder, file))
      .sort();
  const folders = PACKAGES.map((name) => here(`../../../packages/${name}/dist/`));
  return [...folders, here('.')].flatMap(scripts);
}

/**
 * Keeps pictures by what they are made of: the code that paints them, and files.
 *
 * @returns gives the picture of a name: the one that was kept, or one that is made now
 */
export function keeper(): (
  name: string,
  madeOf: readonly string[],
  make: () => Promise<Uint8Array>,
) => Promise<Uint8Array> {
  const folder = here('../node_modules/.cache/pictures/');
  mkdirSync(folder, { recursive: true });
  const painter = createHash('sha256');
  for (const file of code()) painter.update(readFileSync(file));
  const digest = painter.digest();
  return async (name, madeOf, make) => {
    const hash = createHash('sha256').update(digest).update(name);
    for (const file of madeOf) hash.update(readFileSync(file));
    const path = join(folder, `${hash.digest('hex')}.png`);
    if (existsSync(path)) return readFileSync(path);
    const picture = await make();
    // In one step: a picture that is there is whole.
    writeFileSync(`${path}.${process.pid}`, picture);
    renameSync(`${path}.${process.pid}`, path);
    return picture;
  };
}
