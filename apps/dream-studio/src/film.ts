import { html, nothing, type TemplateResult } from 'lit';
import '@convlens/elements/top-classes.js';
import type { StudioModel } from './studio-model.js';
import type { StudioRun } from './run.js';
import { inWords } from './value.js';

/** What the film is of: a studio, or as much of one. */
export type FilmParts = Pick<
  StudioModel,
  'compare' | 'compareLayers' | 'names' | 'network' | 'networks' | 'run' | 'scores' | 'state'
>;

/** Pictures of a fall into a dream: a film of almost seven seconds. */
const FALL = 100;

/** Ways to save a run. */
export type SaveKind = 'png' | 'gif' | 'video' | 'csv' | 'recipe';

const KINDS: readonly (readonly [SaveKind, string])[] = [
  ['png', 'PNG, with its recipe inside'],
  ['gif', 'GIF of the run'],
  ['video', 'Video of the run'],
  ['csv', 'Objective as CSV'],
  ['recipe', 'Recipe (JSON)'],
];

function strip(run: StudioRun): TemplateResult {
  return html`<ul class="film" aria-label="Kept frames">
    ${run.film.map(
      (kept) =>
        html`<li>
          <button
            class="frame"
            aria-pressed=${kept.frame.step === run.frame?.step}
            title="Go back to step ${kept.frame.step}"
            @click=${() => {
              run.pause();
              run.back(kept);
            }}
          >
            <lens-picture
              .pictures=${kept.frame.pictures}
              label="Step ${kept.frame.step}"
            ></lens-picture>
            <span>${kept.byHand ? '★ ' : ''}${kept.frame.step}</span>
            <span class="quiet">${inWords(run.recipe, kept.value)[1]}</span>
          </button>
        </li>`,
    )}
  </ul>`;
}

function beside(model: FilmParts): TemplateResult | typeof nothing {
  const { make } = model.state;
  if (make === 'class' || make === 'restarts') {
    const others = model.networks.entries.filter(({ id }) => id !== model.state.network);
    return html`<label
      >Beside it
      <select
        @change=${(event: Event) => {
          const select = event.target as HTMLSelectElement;
          if (select.value) void model.compare(select.value);
          select.value = '';
        }}
      >
        <option value="">the same class in…</option>
        ${others.map(({ id, title }) => html`<option value=${id}>${title}</option>`)}
      </select>
    </label>`;
  }
  if (make === 'dream' || make === 'rebuild') {
    const maps = (model.network?.layers ?? []).filter(
      ({ main, shape }) => main && shape.length === 3,
    );
    const spread = [0, 0.33, 0.66, 1].map(
      (at) => maps[Math.round(at * (maps.length - 1))]?.id ?? '',
    );
    const layers = [...new Set(spread)].filter((id) => id !== '');
    const fall = html`<button
      title="Zooms in and dreams on, ${FALL} times; save it as a video or GIF"
      ?disabled=${model.run?.status !== 'done'}
      @click=${() => void model.run?.fall(FALL)}
    >
      Fall into it
    </button>`;
    return html`<button @click=${() => void model.compareLayers(layers)}>
        Early against late layers
      </button>
      ${make === 'dream' ? fall : nothing}`;
  }
  return nothing;
}

/**
 * Kept frames, the curve, what the network says, and ways to save.
 *
 * @param model what is open
 * @param save saves the run
 */
export function film(model: FilmParts, save: (kind: SaveKind) => void): TemplateResult {
  const { run, scores } = model;
  return html`
    <section aria-label="Objective">
      <h2>Objective</h2>
      <objective-curve
        .curve=${run?.curve ?? []}
        .revision=${run?.curve[0]?.length ?? 0}
      ></objective-curve>
    </section>
    ${
      scores.length > 0
        ? html`<section aria-label="What the network says">
            <h2>The network says</h2>
            <lens-top-classes .scores=${scores} .names=${model.names}></lens-top-classes>
          </section>`
        : nothing
    }
    <section aria-label="Frames">
      <h2>Frames</h2>
      ${run && run.film.length > 0 ? strip(run) : html`<p class="quiet">One a second is kept here; go back to any.</p>`}
    </section>
    <section class="line" aria-label="More">
      ${beside(model)}
      <label
        >Save
        <select
          @change=${(event: Event) => {
            const select = event.target as HTMLSelectElement;
            if (select.value) save(select.value as SaveKind);
            select.value = '';
          }}
        >
          <option value="">as…</option>
          ${KINDS.map(([kind, title]) => html`<option value=${kind}>${title}</option>`)}
        </select>
      </label>
    </section>
  `;
}
