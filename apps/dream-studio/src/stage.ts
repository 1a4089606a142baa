import { html, nothing, type TemplateResult } from 'lit';
import { MORE_STEPS, type StudioModel } from './studio-model.js';
import type { StudioRun } from './run.js';
import { inWords } from './value.js';

/** What the stage shows: a studio, or as much of one. */
export type StageParts = Pick<StudioModel, 'begin' | 'beside' | 'run' | 'subject'>;

const STATES: Readonly<Record<StudioRun['status'], string>> = {
  idle: 'Ready',
  starting: 'Preparing',
  running: 'Running',
  paused: 'Paused',
  done: 'Done',
  failed: 'Stopped',
};

/** What a run is doing, in one line. */
function status(run: StudioRun | undefined): string {
  if (!run) return 'Opening…';
  const { frame, value } = run;
  if (run.falling) return `Falling · picture ${run.falling[0]} of ${run.falling[1]}`;
  const parts = [STATES[run.status]];
  if (frame && frame.total > 0)
    parts.push(`step ${frame.step} of ${Math.max(frame.total, frame.step)}`);
  if (value !== undefined) parts.push(inWords(run.recipe, value).join(' '));
  if (run.status === 'running' && frame) parts.push(`${frame.stepsPerSecond.toFixed(0)} steps/s`);
  return parts.join(' · ');
}

function buttons(model: StageParts): TemplateResult {
  const { run } = model;
  const active = run?.status === 'running' || run?.status === 'starting';
  const more = run?.recipe.technique === 'dream' ? run.recipe.steps : MORE_STEPS;
  const previous = run?.film.filter(({ frame }) => frame.step < (run.frame?.step ?? 0)).at(-1);
  return html`<div class="buttons" role="group" aria-label="Run">
    ${
      active
        ? html`<button class="primary" title="Key: space" @click=${() => run.pause()}>
            Pause
          </button>`
        : run?.status === 'paused' || run?.status === 'failed'
          ? html`<button class="primary" title="Key: space" @click=${() => void run.go()}>
              Continue
            </button>`
          : html`<button class="primary" title="Key: space" @click=${() => run?.more(more)}>
              ${more} more steps
            </button>`
    }
    <button @click=${() => model.begin()}>Start anew</button>
    <button
      title="Key: U"
      ?disabled=${active || !previous}
      @click=${() => previous && run?.back(previous)}
    >
      Undo
    </button>
    <button title="Key: K" ?disabled=${!run?.frame?.step} @click=${() => run?.keep()}>Keep</button>
  </div>`;
}

function besides(model: StageParts): TemplateResult | typeof nothing {
  if (model.beside.length === 0) return nothing;
  return html`<div class="besides">
    ${model.beside.map(
      ({ title, run }) =>
        html`<figure>
          <lens-picture
            .pictures=${run.frame?.pictures ?? []}
            label="${model.subject}, by ${title}"
          ></lens-picture>
          <figcaption>
            <b>${title}</b>
            <span class="quiet">${run.error?.message ?? status(run)}</span>
          </figcaption>
        </figure>`,
    )}
  </div>`;
}

/**
 * The picture, large and live, and what can be done with it.
 *
 * @param model what is open
 */
export function stage(model: StageParts): TemplateResult {
  const { run } = model;
  const frame = run?.frame;
  const part =
    frame && frame.total > 0 ? Math.min(1, frame.step / Math.max(frame.total, run.until)) : 0;
  return html`
    <div class="room ${model.beside.length > 0 ? 'shared' : ''}">
      <lens-picture
        class="main"
        .pictures=${frame?.pictures ?? []}
        label=${frame ? `Optimised picture: ${model.subject}` : 'No picture yet'}
      ></lens-picture>
      ${besides(model)}
    </div>
    <div class="under">
      <p class="subject">${model.subject}</p>
      <p class="quiet status">${status(run)}</p>
      <progress max="1" .value=${part} aria-label="Steps done"></progress>
      ${buttons(model)} ${run?.note ? html`<p class="note">${run.note}</p>` : nothing}
    </div>
  `;
}
