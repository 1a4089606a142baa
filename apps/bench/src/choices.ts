import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { works } from '@convlens/core';
import { formatBytes } from '@convlens/elements';
import type { BenchModel } from './bench-model.js';
import { RUNTIMES } from './runtimes.js';
import { BATCHES } from './state.js';
import { WORK_TITLES } from './words.js';

/** What is chosen, and from what: a bench, or as much of one. */
export type ChoiceParts = Pick<BenchModel, 'choose' | 'gpu' | 'networks' | 'runtimes' | 'state'>;

interface Choice<T> {
  readonly value: T;
  readonly title: string;
  readonly note?: string;
}

/** A group of boxes, of which at least one stays chosen. */
function boxes<T extends string | number>(
  legend: string,
  choices: readonly Choice<T>[],
  chosen: readonly T[],
  choose: (next: readonly T[]) => void,
): TemplateResult {
  const toggle = (value: T): void => {
    const next = choices
      .map((one) => one.value)
      .filter((one) => (one === value) !== chosen.includes(one));
    choose(next.length > 0 ? next : chosen);
  };
  return html`<fieldset>
    <legend>${legend}</legend>
    ${choices.map(
      ({ value, title, note }) =>
        html`<label>
          <input
            type="checkbox"
            .checked=${live(chosen.includes(value))}
            @change=${() => toggle(value)}
          />
          <span
            >${title}${note === undefined ? nothing : html` <small class="quiet">${note}</small>`}</span
          >
        </label>`,
    )}
  </fieldset>`;
}

/**
 * What is measured.
 *
 * @param model the bench
 */
export function choices(model: ChoiceParts): TemplateResult {
  const { state, gpu } = model;
  const runtimes = RUNTIMES.map(({ id, title, gpu: needsGpu }) => ({
    value: id,
    title,
    ...(needsGpu && !gpu.real
      ? { note: gpu.name === '' ? 'not in this browser' : 'emulated here, slow' }
      : {}),
  }));
  const networks = model.networks.map(({ id, title, bytes }) => ({
    value: id,
    title,
    note: formatBytes(bytes),
  }));
  return html`
    ${boxes('Backends', runtimes, model.runtimes, (next) => model.choose({ runtimes: next }))}
    ${boxes('Networks', networks, state.networks, (next) => model.choose({ networks: next }))}
    ${boxes(
      'Work',
      works.map((value) => ({ value, title: WORK_TITLES[value] })),
      state.works,
      (next) => model.choose({ works: next }),
    )}
    ${boxes(
      'Images at once',
      BATCHES.map((value) => ({ value, title: String(value) })),
      state.batches,
      (next) => model.choose({ batches: next }),
    )}
  `;
}
