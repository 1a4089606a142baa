import { html, nothing, type TemplateResult } from 'lit';
import type { BenchReport, OperatorRow } from '@convlens/core';
import { formatBytes, formatNumber } from '@convlens/elements';
import type { Group } from './comparison.js';
import { runtimeTitle } from './runtimes.js';
import { differenceText, ratioText, WORK_TITLES, type Titles } from './words.js';

const number = (value: number | undefined): string =>
  value === undefined ? '' : formatNumber(value);
const percent = (value: number | undefined): string =>
  value === undefined ? '' : `${Math.round(100 * value)} %`;

/**
 * Everything that was measured, a line each.
 *
 * @param groups what was measured
 * @param titles of the networks
 * @param several whether results of more than one machine are shown
 */
export function workTable(
  groups: readonly Group[],
  titles: Titles,
  several: boolean,
): TemplateResult {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="All measurements">
    <table>
      <thead>
        <tr>
          <th scope="col">Network</th>
          <th scope="col">Work</th>
          <th scope="col" class="n">Batch</th>
          <th scope="col">Backend</th>
          ${several ? html`<th scope="col">Machine</th>` : nothing}
          <th scope="col" class="n">Median, ms</th>
          <th scope="col" class="n">Least to most</th>
          <th scope="col" class="n">To the fastest</th>
          <th scope="col" class="n">GFLOP/s</th>
          <th scope="col" class="n">Of the peak</th>
          <th scope="col" class="n">Difference</th>
          <th scope="col" class="n">Prepare, ms</th>
          <th scope="col" class="n">First run, ms</th>
        </tr>
      </thead>
      <tbody>
        ${groups.flatMap(({ network, work, batch, entries }) =>
          entries.map(
            ({ row, report, ratio, share }, i) =>
              html`<tr class=${i === 0 ? 'first' : ''}>
                <th scope="row">${titles.get(network) ?? network}</th>
                <td>${WORK_TITLES[work]}</td>
                <td class="n">${batch}</td>
                <td>${runtimeTitle(row.runtime)}</td>
                ${several ? html`<td>${report.machine.name}</td>` : nothing}
                ${
                  row.medianMs === undefined
                    ? html`<td colspan="8">${row.failed ?? 'not measured'}</td>`
                    : html`<td class="n">${number(row.medianMs)}</td>
                        <td class="n">${number(row.leastMs)} – ${number(row.mostMs)}</td>
                        <td class="n">${ratioText(ratio)}</td>
                        <td class="n">${number(row.gflops)}</td>
                        <td class="n">${percent(share)}</td>
                        <td class="n">${differenceText(row.difference)}</td>
                        <td class="n">${number(row.prepareMs)}</td>
                        <td class="n">${number(row.firstMs)}</td>`
                }
              </tr>`,
          ),
        )}
      </tbody>
    </table>
  </div>`;
}

/** 0 for rounding, 1 for what anyone would see in a picture; by the power of ten. */
function heat(error: number | undefined): number {
  if (error === undefined || error <= 1e-6) return 0;
  return Math.min(1, (Math.log10(error) + 6) / 4);
}

function cell(row: OperatorRow | undefined, part: 'value' | 'gradient'): TemplateResult {
  if (!row) return html`<td></td>`;
  if (row.failed !== undefined) return html`<td class="none" title=${row.failed}>none</td>`;
  const error = row[part];
  return html`<td class="n heat" .style=${`--heat:${heat(error)}`}>${differenceText(error)}</td>`;
}

/**
 * How far the operators of each backend are from those of the first one: calm where nothing is wrong.
 *
 * @param report of one machine
 */
export function operatorTable({
  operators,
  reference,
}: BenchReport): TemplateResult | typeof nothing {
  const runtimes = [...new Set(operators.map(({ runtime }) => runtime))].filter(
    (runtime) => runtime !== reference,
  );
  if (runtimes.length === 0) return nothing;
  const names = [...new Set(operators.map(({ name }) => name))];
  const find = (runtime: string, name: string): OperatorRow | undefined =>
    operators.find((row) => row.runtime === runtime && row.name === name);
  return html`<section>
    <h2>Do they compute the same?</h2>
    <p class="quiet">
      Relative difference of single operators, values and gradients, from
      ${runtimeTitle(reference ?? '')}. About 10<sup>−7</sup> is rounding; what stands out is wrong.
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="Differences of operators">
      <table>
        <thead>
          <tr>
            <th scope="col" rowspan="2">Operator</th>
            ${runtimes.map((id) => html`<th scope="colgroup" colspan="2">${runtimeTitle(id)}</th>`)}
          </tr>
          <tr>
            ${runtimes.map(
              () =>
                html`<th scope="col" class="n">value</th>
                  <th scope="col" class="n">gradient</th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${names.map(
            (name) =>
              html`<tr>
                <th scope="row">${name}</th>
                ${runtimes.map((id) => html`${cell(find(id, name), 'value')}${cell(find(id, name), 'gradient')}`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

/**
 * The backends of a machine: how they started, what they can at best, what they hold.
 *
 * @param report of one machine
 */
export function runtimeTable({ runtimes }: BenchReport): TemplateResult {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Backends">
    <table>
      <thead>
        <tr>
          <th scope="col">Backend</th>
          <th scope="col" class="n">Threads</th>
          <th scope="col" class="n">Ready after, ms</th>
          <th scope="col" class="n">Peak, GFLOP/s</th>
          <th scope="col" class="n">Memory</th>
        </tr>
      </thead>
      <tbody>
        ${runtimes.map(
          ({ runtime, failed, threads, startMs, peak, memory }) =>
            html`<tr>
              <th scope="row">${runtimeTitle(runtime)}</th>
              ${
                failed === undefined
                  ? html`<td class="n">${threads}</td>
                      <td class="n">${number(startMs)}</td>
                      <td class="n">${number(peak)}</td>
                      <td class="n">${memory ? formatBytes(memory) : ''}</td>`
                  : html`<td colspan="4">${failed}</td>`
              }
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
