import { css, html, LitElement, type CSSResultGroup, type TemplateResult } from 'lit';
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
  static override properties = { scores: { attribute: false }, names: { attribute: false } };

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

  constructor() {
    super();
    this.scores = [];
  }

  protected override render(): TemplateResult {
    return html`<ol aria-label="Most probable classes">
      ${this.scores.map(
        ({ index, probability }) =>
          html`<li style="--part:${Math.round(probability * 100)}%">
            <span>${this.names?.[index] ?? `class ${index}`}</span>
            <span>${formatProbability(probability)}</span>
          </li>`,
      )}
    </ol>`;
  }
}

define('lens-top-classes', LensTopClasses);

declare global {
  interface HTMLElementTagNameMap {
    'lens-top-classes': LensTopClasses;
  }
}
