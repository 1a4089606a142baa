import { css, html, LitElement, nothing, type CSSResultGroup, type TemplateResult } from 'lit';
import type { ClassScore } from '@convlens/core';
import { define } from './define.js';
import { formatProbability } from './format.js';
import { tokens } from './tokens.js';

/**
 * The most probable classes as bars.
 *
 * @summary Top classes with probabilities.
 */
export class LensTopClasses extends LitElement {
  static override properties = {
    scores: { attribute: false },
    names: { attribute: false },
    was: { attribute: false },
  };

  static override styles: CSSResultGroup = [
    tokens,
    css`
      :host {
        display: block;
      }
      ol {
        list-style: none;
        margin: 0;
        padding: 0;
        display: grid;
        gap: 2px;
      }
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 8px;
        padding: 3px 6px;
        background: linear-gradient(var(--well), var(--well)) no-repeat;
        background-size: var(--part) 100%;
        border-radius: 3px;
      }
      li.changed {
        background:
          linear-gradient(var(--control), var(--control)) no-repeat var(--was) 100% / 2px 6px,
          linear-gradient(var(--well), var(--well)) no-repeat 0 0 / var(--part) 100%;
      }
      .was {
        margin-left: 6px;
        color: var(--quiet);
      }
      span:first-child {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
    `,
  ];

  declare scores: readonly ClassScore[];
  /** Name of every class; without it the index is shown. */
  declare names: readonly string[] | undefined;
  /** Probability that every class had before; the change is shown then. */
  declare was: ArrayLike<number> | undefined;

  constructor() {
    super();
    this.scores = [];
  }

  protected override render(): TemplateResult {
    return html`<ol aria-label="Most probable classes">
      ${this.scores.map(({ index, probability }) => {
        const was = this.was?.[index];
        const change = was === undefined ? undefined : Math.round((probability - was) * 100);
        return html`<li
          class=${was !== undefined && was >= 0.01 ? 'changed' : ''}
          .style=${`--part:${Math.round(probability * 100)}%;--was:${Math.round((was ?? 0) * 100)}%`}
        >
          <span>${this.names?.[index] ?? `class ${index}`}</span>
          <span
            >${formatProbability(probability)}${
              change === undefined || change === 0
                ? nothing
                : html`<span class="was" title="Before: ${formatProbability(was!)}"
                    >${change < 0 ? `\u2212${-change}` : `+${change}`}</span
                  >`
            }</span
          >
        </li>`;
      })}
    </ol>`;
  }
}

define('lens-top-classes', LensTopClasses);

declare global {
  interface HTMLElementTagNameMap {
    'lens-top-classes': LensTopClasses;
  }
}
