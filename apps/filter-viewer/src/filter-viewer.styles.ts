import { css, type CSSResult } from 'lit';

/** Layout of the viewer: spine, grid, inspector; stacked where it is narrow. */
export const layout: CSSResult = css`
  :host {
    --least: 480px;
  }
  .viewer {
    display: grid;
    height: 100%;
    grid-template: auto minmax(0, 1fr) / 236px minmax(0, 1fr) 320px;
    grid-template-areas: 'top top top' 'spine main inspector';
    gap: 1px;
    background: var(--line);
  }
  .top,
  .spine,
  .main,
  .inspector {
    background: var(--panel);
    min-width: 0;
  }
  .top button {
    padding: 0 10px;
  }
  select {
    max-width: 180px;
  }
  lens-spine {
    height: 100%;
  }
  .spine {
    grid-area: spine;
    min-height: 0;
  }
  .main {
    grid-area: main;
    display: flex;
    flex-direction: column;
    min-height: 0;
    position: relative;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    padding: 8px 12px;
  }
  .bar select {
    padding: 0 6px;
  }
  [role='tablist'] {
    display: flex;
    gap: 4px;
    max-width: 100%;
    overflow: auto hidden;
    scrollbar-width: none;
  }
  [role='tab'] {
    border-color: transparent;
    border-radius: 0;
    border-bottom: 2px solid transparent;
    background: none;
    padding: 0 8px;
  }
  [role='tab'][aria-selected='true'] {
    border-bottom-color: var(--accent);
    font-weight: 600;
  }
  [role='tabpanel'] {
    display: flex;
    flex-direction: column;
    flex: 1;
    min-height: 0;
  }
  .sentence {
    margin: 0;
    padding: 0 12px 8px;
    color: var(--quiet);
    max-width: 90ch;
  }
  .readout {
    margin: 0;
    padding: 6px 12px;
    flex: 1 1 200px;
    min-width: 0;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .foot {
    display: flex;
    align-items: center;
    gap: 8px;
    padding-right: 12px;
    min-height: 40px;
    border-top: 1px solid var(--line);
  }
  .stack {
    overflow: auto;
    background: var(--well);
  }
  lens-tile-grid,
  .stack,
  lens-attribution-panel {
    flex: 1;
    min-height: 160px;
  }
  .progress {
    display: flex;
    align-items: center;
    gap: 12px;
    padding: 0 12px;
    white-space: nowrap;
  }
  .foot button {
    min-height: 28px;
  }
  .progress.late {
    opacity: 0;
    animation: appear 0s 0.2s forwards;
  }
  @keyframes appear {
    to {
      opacity: 1;
    }
  }
  progress {
    flex: 0 1 160px;
    accent-color: var(--text);
  }
  .inspector {
    grid-area: inspector;
    overflow: hidden auto;
    padding: 12px;
    display: grid;
    gap: 16px;
    align-content: start;
  }
  h2 {
    margin: 0 0 8px;
    font-size: 14px;
    font-weight: 600;
  }
  details dl {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 2px 12px;
    margin: 8px 0;
  }
  details dt {
    color: var(--quiet);
  }
  details dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  .bar input {
    width: 80px;
  }
  .badge {
    font-size: 12px;
  }
  .badge select {
    font-size: 13px;
  }
  @container (max-width: 1080px) {
    .viewer {
      grid-template: auto minmax(0, 1fr) / 200px minmax(0, 1fr) 260px;
      grid-template-areas: 'top top top' 'spine main inspector';
    }
  }
  @container (max-width: 760px) {
    .viewer {
      align-self: start;
      height: auto;
      min-height: 100%;
      grid-template: auto auto auto auto / minmax(0, 1fr);
      grid-template-areas: 'top' 'spine' 'main' 'inspector';
    }
    lens-tile-grid {
      flex: none;
      height: 60vh;
    }
    .badge {
      flex: 1;
    }
    .bar {
      gap: 4px 8px;
    }
    .foot,
    .progress {
      flex-wrap: wrap;
    }
    .progress {
      gap: 4px 12px;
      white-space: normal;
      overflow-wrap: anywhere;
    }
  }
`;
