import { css, type CSSResult } from 'lit';

/**
 * Design tokens: greys without tint, one accent for what is selected, an 8 px rhythm. Every colour can be set from
 * outside through the `--lens-*` property of the same name; light and dark follow `color-scheme`.
 */
export const tokens: CSSResult = css`
  :host {
    --page: var(--lens-page, light-dark(#f3f3f3, #121212));
    --panel: var(--lens-panel, light-dark(#ffffff, #1c1c1c));
    --well: var(--lens-well, light-dark(#e9e9e9, #0a0a0a));
    --line: var(--lens-line, light-dark(#d6d6d6, #383838));
    --control: var(--lens-control, light-dark(#767676, #8a8a8a));
    --text: var(--lens-text, light-dark(#1b1b1b, #ededed));
    --quiet: var(--lens-quiet, light-dark(#595959, #a8a8a8));
    --accent: var(--lens-accent, light-dark(#b8144f, #ff6fa5));
    --on-accent: var(--lens-on-accent, light-dark(#ffffff, #1b1b1b));
    --danger: var(--lens-danger, light-dark(#a32a00, #ffab8a));
    --radius: 6px;
    color: var(--text);
    font:
      14px/1.45 system-ui,
      sans-serif;
    font-variant-numeric: tabular-nums;
  }
`;

/** Looks of native controls, shared by all elements. */
export const controls: CSSResult = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  [hidden] {
    display: none !important;
  }
  button,
  select,
  input:not([type='range'], [type='checkbox'], [type='radio']) {
    font: inherit;
    color: inherit;
    background: var(--panel);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    min-height: 36px;
    padding: 0 12px;
  }
  button {
    cursor: pointer;
    white-space: nowrap;
  }
  button:hover,
  select:hover {
    border-color: var(--control);
  }
  button[aria-pressed='true'],
  button.primary {
    background: var(--text);
    color: var(--panel);
    border-color: var(--text);
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  @media (pointer: coarse) {
    button,
    select,
    input:not([type='range'], [type='checkbox'], [type='radio']) {
      min-height: 44px;
    }
  }
  input[type='range'] {
    accent-color: var(--text);
    min-width: 0;
  }
  .quiet {
    color: var(--quiet);
  }
  .sr {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
