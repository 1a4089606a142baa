// What the folder of references beside the project holds, in one word for the cache of test results.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A word that is another one when any reference, network or photo is: made of names, sizes and times of change.
 *
 * @param {string} folder of the references
 * @returns {string} `missing` where the folder is
 */
export function stateOf(folder) {
  if (!existsSync(join(folder, 'oracles', 'README.md'))) return 'missing';
  const hash = createHash('sha256');
  const add = (path) => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path.slice(folder.length)} ${size} ${mtimeMs}\n`);
  };
  const walk = (path) => {
    for (const entry of readdirSync(path).sort()) {
      const inside = join(path, entry);
      if (statSync(inside).isDirectory()) walk(inside);
      else add(inside);
    }
  };
  // Notes beside the folders are no references.
  for (const entry of readdirSync(folder).sort()) {
    const inside = join(folder, entry);
    if (statSync(inside).isDirectory()) walk(inside);
  }
  return hash.digest('hex').slice(0, 16);
}
