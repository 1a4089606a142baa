import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly bytes: number;
  readonly parameters: number;
  readonly accuracy: { readonly top1: number };
}

/** A picture of the front page and the state of the viewer that made it. */
export interface Living {
  /** The app that made it. */
  readonly app: 'filter-viewer' | 'dream-studio';
  readonly file: string;
  readonly title: string;
  readonly hash: string;
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/**
 * The parts of the front page that come from data: a card a network, and the wall of pictures.
 *
 * @param html of the page with its placeholders
 * @param modelsFolder folder with the manifest
 * @param living pictures with their links
 */
export function fillFrontPage(
  html: string,
  modelsFolder: string,
  living: readonly Living[],
): string {
  const { networks } = JSON.parse(readFileSync(join(modelsFolder, 'manifest.json'), 'utf8')) as {
    networks: Entry[];
  };
  const cards = networks.map(
    ({ id, title, about, bytes, parameters, accuracy }) => `<article>
            <a href="filter-viewer/#v=1&amp;network=${id}"><img src="pictures/${id}-filters.png" alt="First filters of ${escape(title)}" loading="lazy" vite-ignore /></a>
            <h3><a href="filter-viewer/#v=1&amp;network=${id}">${escape(title)}</a></h3>
            <p>${escape(about)}</p>
            <p class="note">${(parameters / 1e6).toFixed(1)} M parameters, ${(bytes / 1e6).toFixed(1)} MB, right on ${(accuracy.top1 * 100).toFixed(0)} % of new pictures</p>
          </article>`,
  );
  const wall = living.map(
    ({ app, file, title, hash }) =>
      `<a href="${app}/#v=1&amp;${escape(hash)}"><img src="${file}" alt="" width="150" height="150" vite-ignore /><span>${escape(title)}</span></a>`,
  );
  const pictures =
    wall.length === 0
      ? ''
      : `<nav class="wall" aria-label="Pictures made by the networks; each opens the view that made it">${wall.join('')}</nav>`;
  return html.replace('<!-- networks -->', cards.join('')).replace('<!-- pictures -->', pictures);
}
