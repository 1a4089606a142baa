import { html, nothing, type TemplateResult } from 'lit';
import { formatNumber } from '@convlens/elements';
import type { Entry, Group } from './comparison.js';
import { runtimeTitle } from './runtimes.js';
import { groupTitle, ratioText, type Titles } from './words.js';

/** Bars end here: a backend that is a hundred times slower must not make all others look alike. */
const LONGEST = 8;

/** How many times the fastest one the whole width is. */
const scaleOf = ({ entries }: Group): number =>
  Math.min(LONGEST, Math.max(...entries.map(({ ratio }) => (Number.isFinite(ratio) ? ratio : 1))));

function bar({ row, report, ratio }: Entry, scale: number, several: boolean): TemplateResult {
  const title = runtimeTitle(row.runtime);
  const machine = several
    ? html`<span class="quiet machine">${report.machine.name}</span>`
    : nothing;
  if (row.medianMs === undefined) {
    return html`<li class="bar failed">
      <span class="who">${title}${machine}</span>
      <span class="quiet">${row.failed ?? 'not measured'}</span>
    </li>`;
  }
  const clipped = ratio > scale;
  const width = (100 * Math.min(ratio, scale)) / scale;
  return html`<li class="bar ${ratio === 1 ? 'fastest' : ''}">
    <span class="who">${title}${machine}</span>
    <span class="track" aria-hidden="true"
      ><span class="fill ${clipped ? 'clipped' : ''}" .style=${`width:${width}%`}></span
    ></span>
    <span class="time">${formatNumber(row.medianMs)} ms</span>
    <span class="ratio quiet">${ratioText(ratio)}</span>
  </li>`;
}

/**
 * One group of bars for each kind of work, the fastest backend on top.
 *
 * @param groups what was measured
 * @param titles of the networks
 * @param several whether results of more than one machine are shown
 */
export function chart(groups: readonly Group[], titles: Titles, several: boolean): TemplateResult {
  return html`<div class="chart">
    ${groups.map(
      (group) =>
        html`<section class="work">
          <h3>${groupTitle(group, titles)}</h3>
          <ol>
            ${group.entries.map((entry) => bar(entry, scaleOf(group), several))}
          </ol>
        </section>`,
    )}
  </div>`;
}
