import { html, nothing, type TemplateResult } from 'lit';
import { softmax, topClass, topClasses, type ClassScore } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { formatNumber } from '@convlens/elements';
import '@convlens/elements/top-classes.js';
import { amplified } from './change.js';
import type { LabModel } from './lab-model.js';
import { greyLevels } from './parameters.js';
import { inWords, type Attacked } from './verdict.js';

/** What the stage shows: a lab, or as much of one. */
export type StageParts = Attacked &
  Pick<LabModel, 'answer' | 'begin' | 'imageTitle' | 'names' | 'original' | 'run' | 'stop'>;

/** Ways to save an attack. */
export type SaveKind = 'png' | 'gif' | 'change' | 'csv' | 'recipe';

const KINDS: readonly (readonly [SaveKind, string])[] = [
  ['png', 'PNG that the network is shown'],
  ['gif', 'GIF of the attack'],
  ['change', 'PNG of the change'],
  ['csv', 'Measurements as CSV'],
  ['recipe', 'Recipe (JSON)'],
];

function figure(
  kind: string,
  title: string,
  note: string,
  picture: Pixels | undefined,
): TemplateResult {
  return html`<figure class=${kind}>
    <figcaption><b>${title}</b> <span class="quiet">${note}</span></figcaption>
    <lens-picture
      .pictures=${picture ? [picture] : []}
      label=${picture ? `${title}: ${note}` : `${title}: not there yet`}
    ></lens-picture>
  </figure>`;
}

/** How large the change is, and what it took. */
function numbers(model: StageParts): TemplateResult {
  const { run } = model;
  const { answer } = run ?? {};
  if (!answer) return html`<p class="quiet numbers-wait">Its size is measured at the end.</p>`;
  const { size } = answer.file;
  const { forward, gradient } = answer.queries;
  const rows: readonly (readonly [string, string, string])[] = [
    ['Largest change', 'L∞', greyLevels(size.linf)],
    ['Distance', 'L2', formatNumber(size.l2)],
    ['Values changed', 'L0', `${size.l0}`],
    ['Similarity', 'SSIM', size.ssim === undefined ? 'too small' : size.ssim.toFixed(3)],
    [
      'Asked',
      '',
      [gradient > 0 ? `${gradient} gradients` : '', forward > 0 ? `${forward} answers` : '']
        .filter((text) => text !== '')
        .join(', '),
    ],
    ['Steps', '', `${answer.steps} in ${(answer.runMs / 1000).toFixed(1)} s`],
  ];
  return html`<dl class="measures">
    ${rows.map(
      ([title, symbol, value]) =>
        html`<div>
          <dt>${title} <span class="quiet">${symbol}</span></dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function saving(save: (kind: SaveKind) => void, ready: boolean): TemplateResult {
  return html`<label class="line"
    >Save
    <select
      aria-label="Save"
      ?disabled=${!ready}
      @change=${(event: Event) => {
        const select = event.target as HTMLSelectElement;
        if (select.value) save(select.value as SaveKind);
        select.value = '';
      }}
    >
      <option value="">as…</option>
      ${KINDS.map(([kind, title]) => html`<option value=${kind}>${title}</option>`)}
    </select>
  </label>`;
}

/** The most probable classes, and where the one from before has gone. */
function withLabel(logits: Float32Array, label: number): readonly ClassScore[] {
  const best = topClasses(logits, 5);
  if (best.some(({ index }) => index === label)) return best;
  const own = topClasses(logits, logits.length).filter(({ index }) => index === label);
  return [...best.slice(0, 4), ...own];
}

/**
 * The experiment: the image, what was added, the result, and what the network says.
 *
 * @param model the lab
 * @param save saves the attack
 */
export function stage(model: StageParts, save: (kind: SaveKind) => void): TemplateResult {
  const { run, original, names } = model;
  const verdict = inWords(model);
  const answer = run?.answer;
  const active = run?.active === true;
  const picture = run?.picture;
  const change = original && picture ? amplified(original.picture, picture) : undefined;
  const before = answer?.before ?? original?.logits;
  const after = run?.logits;
  const label = before ? topClass(before) : 0;
  const factor = change
    ? change.factor === 1
      ? 'as it is'
      : `${change.factor} times enlarged`
    : '';
  const shown = answer?.shown;
  return html`
    <div class="verdict ${verdict.kind}">
      <div>
        <h2>${verdict.headline}</h2>
        <p class="quiet">${verdict.more}</p>
      </div>
      <div class="buttons">
        ${
          active
            ? html`<button class="primary" title="Key: Escape" @click=${() => model.stop()}>
                Stop
              </button>`
            : html`<button
                class="primary"
                title="Key: space"
                ?disabled=${!original}
                @click=${() => model.begin()}
              >
                Attack again
              </button>`
        }
        ${saving(save, model.answer !== undefined)}
      </div>
      <progress
        class=${active ? '' : 'idle'}
        max="1"
        .value=${run && run.total > 0 ? run.done / run.total : 0}
        aria-label="Steps done"
      ></progress>
    </div>
    <div class="three">
      ${figure('original', 'Original', model.imageTitle, original?.picture)}
      <span class="sign" aria-hidden="true">+</span>
      ${figure('change', 'Change', factor, change?.picture)}
      <span class="sign" aria-hidden="true">=</span>
      ${figure('result', 'Result', shown ? 'before its defence' : '8 bits, as saved', picture)}
      <div class="bars before">
        ${before ? html`<lens-top-classes .scores=${topClasses(before, 5)} .names=${names}></lens-top-classes>` : nothing}
      </div>
      <div class="bars numbers-of">${numbers(model)}</div>
      <div class="bars after">
        ${
          after && before
            ? html`<lens-top-classes
                .scores=${withLabel(after, label)}
                .names=${names}
                .was=${softmax(before)}
              ></lens-top-classes>`
            : nothing
        }
      </div>
    </div>
    ${
      shown
        ? html`<div class="behind">
            <lens-picture .pictures=${[shown]} label="The result behind the defence"></lens-picture>
            <p class="quiet">
              What the defended network is shown instead of the result. Its answers are those above.
            </p>
          </div>`
        : nothing
    }
  `;
}
