// Which files a built page loads at once: what it names, and what those import without waiting.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const IMPORT = /\b(?:import|export)\b(?:[^'"();]*?\bfrom)?\s*["'](\.[^"']+)["']/g;

/**
 * The files of a built page that its first pictures wait for.
 *
 * @param {string} dist folder of the built pages
 * @param {string} page path of the page in it
 * @param {readonly RegExp[]} starts scripts under `assets` that the page brings by itself as soon as it is seen
 * @returns {string[]} paths
 */
export function staticFiles(dist, page, starts) {
  const html = join(dist, page);
  const found = new Set([html]);
  const assets = join(dist, 'assets');
  const add = (path) => {
    if (found.has(path)) return;
    found.add(path);
    if (!path.endsWith('.js')) return;
    for (const [, from] of readFileSync(path, 'utf8').matchAll(IMPORT)) {
      add(normalize(join(dirname(path), from)));
    }
  };
  for (const [, from] of readFileSync(html, 'utf8').matchAll(
    /(?:src|href)="([^"]+\.(?:js|css))"/g,
  )) {
    add(normalize(join(dist, dirname(page), from)));
  }
  const names = readdirSync(assets, { recursive: true });
  for (const start of starts) {
    const matching = names.filter((name) => start.test(name));
    if (matching.length === 0) throw new Error(`No script of ${page} matches ${start}.`);
    for (const name of matching) add(join(assets, name));
  }
  return [...found];
}
