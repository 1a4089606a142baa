// Which files a built page loads at once: what it names, and what those import without waiting.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const IMPORT = /\b(?:import|export)\b(?:[^'"();]*?\bfrom)?\s*["'](\.[^"']+)["']/g;

/** Adds a script and what it imports. */
function withImports(path, found) {
  if (found.has(path)) return;
  found.add(path);
  if (!path.endsWith('.js')) return;
  for (const [, from] of readFileSync(path, 'utf8').matchAll(IMPORT)) {
    withImports(normalize(join(dirname(path), from)), found);
  }
}

/** Scripts under `assets` by their names. */
function scriptsOf(dist, patterns) {
  const assets = join(dist, 'assets');
  const names = readdirSync(assets, { recursive: true });
  return patterns.flatMap((pattern) => {
    const matching = names.filter((name) => pattern.test(name));
    if (matching.length === 0) throw new Error(`No script of ${assets} matches ${pattern}.`);
    return matching.map((name) => join(assets, name));
  });
}

/**
 * Scripts with all that they import at once.
 *
 * @param {string} dist folder of the built pages
 * @param {readonly RegExp[]} starts scripts under `assets`
 * @returns {string[]} paths
 */
export function staticScripts(dist, starts) {
  const found = new Set();
  for (const path of scriptsOf(dist, starts)) withImports(path, found);
  return [...found];
}

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
  for (const [, from] of readFileSync(html, 'utf8').matchAll(
    /(?:src|href)="([^"]+\.(?:js|css))"/g,
  )) {
    withImports(normalize(join(dist, dirname(page), from)), found);
  }
  for (const path of scriptsOf(dist, starts)) withImports(path, found);
  return [...found];
}
