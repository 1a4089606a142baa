import { css, type CSSResult } from 'lit';

/** Layout of the bench: what is measured on the left, one column of results; stacked where it is narrow. */
export const layout: CSSResult = css`
  :host {
    --least: 480px;
  }
  .bench {
    display: grid;
    height: 100%;
    grid-template: minmax(0, 1fr) / 280px minmax(0, 1fr);
    gap: 1px;
    background: var(--line);
  }
  .what,
  .results {
    background: var(--panel);
    min-width: 0;
    min-height: 0;
    overflow: auto;
  }
  .what {
    padding: 12px;
    display: flex;
    flex-direction: column;
    gap: 16px;
  }
  .start {
    display: flex;
    flex-direction: column;
    gap: 8px;
  }
  .start p {
    margin: 0;
    min-height: 2.9em;
  }
  progress {
    width: 100%;
    accent-color: var(--text);
  }
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
    min-width: 0;
  }
  legend {
    padding: 0;
    margin-bottom: 4px;
    font-weight: 600;
  }
  label {
    display: flex;
    align-items: baseline;
    gap: 8px;
    min-height: 28px;
    cursor: pointer;
  }
  input[type='checkbox'] {
    accent-color: var(--text);
    flex: none;
    translate: 0 2px;
  }
  .results {
    position: relative;
    padding: 16px 24px 48px;
  }
  .results > * {
    max-width: 1080px;
  }
  h2 {
    margin: 40px 0 8px;
    font-size: 18px;
  }
  .answer {
    margin: 0;
    font-size: clamp(20px, 3cqi, 28px);
    letter-spacing: -0.01em;
    text-wrap: balance;
  }
  h3 {
    margin: 0 0 4px;
    font-size: 14px;
    font-weight: 600;
  }
  .results p {
    margin: 4px 0 8px;
    max-width: 75ch;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    gap: 12px 24px;
    justify-content: space-between;
    align-items: start;
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  .chart {
    display: grid;
    gap: 20px;
    margin: 24px 0 12px;
  }
  ol {
    list-style: none;
    margin: 0;
    padding: 0;
    display: grid;
    gap: 2px;
  }
  .bar {
    display: grid;
    grid-template-columns: 200px minmax(0, 1fr) 80px 64px;
    align-items: center;
    gap: 12px;
    min-height: 28px;
  }
  .machine {
    display: block;
    font-size: 12px;
  }
  .bar.failed {
    grid-template-columns: 200px minmax(0, 1fr);
  }
  .track {
    height: 16px;
    background: var(--well);
  }
  .fill {
    display: block;
    height: 100%;
    min-width: 2px;
    background: var(--control);
  }
  .fastest .fill {
    background: var(--accent);
  }
  .fastest .time {
    font-weight: 600;
  }
  .fill.clipped {
    mask: linear-gradient(to left, transparent, black 48px);
  }
  .time,
  .ratio,
  .n {
    text-align: right;
    white-space: nowrap;
  }
  .scroll {
    overflow-x: auto;
    border: 1px solid var(--line);
    border-radius: var(--radius);
  }
  table {
    border-collapse: collapse;
    width: 100%;
    font-size: 13px;
  }
  th,
  td {
    padding: 4px 12px;
    text-align: left;
    vertical-align: baseline;
    font-weight: 400;
  }
  thead th.n {
    text-align: right;
  }
  thead th {
    color: var(--quiet);
    white-space: nowrap;
    border-bottom: 1px solid var(--line);
  }
  tbody th,
  td:not([colspan]) {
    white-space: nowrap;
  }
  tbody .first > * {
    border-top: 1px solid var(--line);
  }
  td.heat {
    background: color-mix(in srgb, var(--accent) calc(var(--heat) * 70%), transparent);
  }
  td.none {
    color: var(--danger);
  }
  @media (pointer: coarse) {
    label {
      min-height: 44px;
      align-items: center;
    }
  }
  @container (max-width: 760px) {
    .bench {
      align-self: start;
      height: auto;
      min-height: 100%;
      grid-template: auto auto / minmax(0, 1fr);
    }
    .results {
      order: -1;
      padding: 16px 12px 32px;
    }
    .bar {
      grid-template-columns: minmax(0, 1fr) auto auto;
      grid-template-areas: 'who time ratio' 'track track track';
      gap: 2px 8px;
      margin-bottom: 8px;
    }
    .bar.failed {
      grid-template: none;
    }
    .who {
      grid-area: who;
    }
    .time {
      grid-area: time;
    }
    .ratio {
      grid-area: ratio;
    }
    .track {
      grid-area: track;
    }
    .bar.failed > * {
      grid-area: auto;
    }
  }
`;
