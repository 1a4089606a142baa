import { html, type TemplateResult } from 'lit';
import { resolveFile } from '@convlens/elements';

/** Pictures in a row of a sheet. */
const COLUMNS = 10;

/**
 * One small picture of a sheet that was drawn beforehand; nothing where the sheet is missing.
 *
 * @param sheet file beside the networks
 * @param index which picture
 */
export function thumbnail(sheet: string, index: number): TemplateResult {
  const [column, row] = [index % COLUMNS, Math.floor(index / COLUMNS)];
  return html`<span
    class="thumbnail"
    aria-hidden="true"
    .style=${`background-image:url(${resolveFile('models', sheet)});background-position:-${column}em -${row}em`}
  ></span>`;
}
