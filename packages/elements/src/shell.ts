import { css, html, nothing, type CSSResult, type TemplateResult } from 'lit';
import type { Progress } from '@convlens/engine';
import type { Problem } from './tasks.js';

/** What all apps have around their own layout: the row on top, messages, the place to drop files. */
export const shell: CSSResult = css`
  /* As high as the page says, scrolling inside itself where that is too low; else as high as it needs, or --least while empty. */
  :host {
    display: grid;
    grid-template: minmax(var(--least), 1fr) / minmax(0, 1fr);
    position: relative;
    overflow: hidden auto;
    height: 100%;
    background: var(--page);
    container-type: inline-size;
    color-scheme: inherit;
  }
  .top {
    grid-area: top;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 12px;
    padding: 8px 12px;
  }
  .group {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    min-width: 0;
  }
  .end {
    margin-left: auto;
  }
  a {
    color: inherit;
    text-underline-offset: 3px;
  }
  button:disabled,
  select:disabled {
    opacity: 0.45;
    cursor: default;
  }
  .banner {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    padding: 8px 12px;
    border-left: 4px solid var(--danger);
    background: var(--panel);
  }
  .banner.notice {
    border-left-color: var(--quiet);
  }
  .banner p {
    margin: 0;
    flex: 1 1 260px;
    overflow-wrap: anywhere;
  }
  .opening {
    margin: 0;
    padding: 0 12px 8px;
  }
  .drop {
    position: absolute;
    inset: 0;
    z-index: 5;
    display: grid;
    place-content: center;
    background: color-mix(in srgb, var(--panel) 88%, transparent);
    border: 3px dashed var(--accent);
    font-size: 18px;
    pointer-events: none;
  }
  @container (max-width: 760px) {
    .top > .group {
      width: 100%;
      flex-wrap: nowrap;
    }
    .top select {
      flex: 1 1 0;
      min-width: 0;
    }
    .end {
      margin-left: 0;
    }
    lens-image-strip {
      width: 100%;
    }
  }
`;

/**
 * The last failure with a way out, or something worth knowing.
 *
 * @param problem the failure
 * @param notice shown when there is none; nothing when empty
 * @param dismiss takes it off the page
 */
export function banner(
  problem: Omit<Problem, 'task'> | undefined,
  notice: string,
  dismiss: () => void,
): TemplateResult | typeof nothing {
  if (!problem && notice === '') return nothing;
  return html`<div
    class="banner ${problem ? '' : 'notice'}"
    role=${problem ? 'alert' : 'status'}
    data-code=${problem?.code ?? nothing}
  >
    <p>${problem ? problem.message : notice}</p>
    ${problem?.retry ? html`<button @click=${problem.retry}>Try again</button>` : nothing}
    <button @click=${dismiss}>Close</button>
  </div>`;
}

/**
 * How far the opening of something is.
 *
 * @param busy what is under way, by task
 * @param tasks those that open something, the first one under way is shown
 * @param cancel ends it
 */
export function opening(
  busy: ReadonlyMap<string, Progress>,
  tasks: readonly string[],
  cancel: () => void,
): TemplateResult | typeof nothing {
  const [progress] = tasks.flatMap((task) => busy.get(task) ?? []);
  if (!progress) return nothing;
  const { stage, what, loaded, total } = progress;
  return html`<p class="quiet opening">
    ${stage === 'download' ? 'Fetching' : stage === 'compile' ? 'Preparing' : 'Reading'} ${what}
    ${
      total
        ? html`<progress aria-label="Opened" max=${total} .value=${loaded ?? 0}></progress>`
        : html`<progress aria-label="Opening"></progress>`
    }
    <button @click=${cancel}>Cancel</button>
  </p>`;
}
