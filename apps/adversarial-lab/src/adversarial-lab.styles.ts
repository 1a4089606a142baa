import { css, type CSSResult } from 'lit';

/** Layout of the lab: what is done on the left, the experiment and a closer look beside it; stacked where it is narrow. */
export const layout: CSSResult = css`
  :host {
    --least: 560px;
  }
  .lab {
    display: grid;
    height: 100%;
    grid-template: auto minmax(0, 1fr) / 280px minmax(0, 1fr);
    grid-template-areas: 'top top' 'setup main';
    gap: 1px;
    background: var(--line);
  }
  .top,
  .setup,
  .main {
    background: var(--panel);
    min-width: 0;
    min-height: 0;
  }
  .group,
  .line,
  .buttons,
  .chips {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    min-width: 0;
  }
  select {
    max-width: 250px;
    padding: 0 6px;
  }
  .setup {
    grid-area: setup;
    overflow: hidden auto;
    padding: 12px;
    display: flex;
    flex-direction: column;
    gap: 8px;
  }
  .setup h2 {
    margin: 8px 0 0;
    font-size: 14px;
    font-weight: 600;
  }
  .setup h2:first-child {
    margin-top: 0;
  }
  .setup > select {
    max-width: none;
  }
  p {
    margin: 0;
  }
  .chips {
    gap: 4px;
  }
  .chips button {
    min-height: 32px;
    padding: 0 10px;
  }
  .line select {
    flex: 1 1 0;
    min-width: 0;
  }
  .line input[type='number'] {
    width: 88px;
    padding: 0 8px;
    margin-left: auto;
  }
  .check {
    min-height: 32px;
    cursor: pointer;
  }
  input[type='checkbox'] {
    accent-color: var(--text);
  }
  .epsilon {
    display: grid;
    gap: 2px;
    padding: 8px 0;
  }
  .epsilon > span:first-child {
    display: flex;
    justify-content: space-between;
    font-weight: 600;
  }
  .epsilon input {
    width: 100%;
    min-height: 32px;
    accent-color: var(--accent);
  }
  .epsilon .quiet {
    font-size: 12px;
  }
  summary {
    cursor: pointer;
    min-height: 32px;
    font-weight: 600;
  }
  .numbers {
    margin: 0 0 8px;
    display: grid;
    gap: 6px;
  }
  .numbers > div {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 140px;
    gap: 8px;
    align-items: center;
  }
  .numbers dd {
    margin: 0;
    display: flex;
    align-items: center;
    gap: 4px;
  }
  .numbers input,
  .numbers select {
    min-height: 32px;
    padding: 0 8px;
    min-width: 0;
    flex: 1 1 0;
    width: 60px;
  }
  .main {
    grid-area: main;
    position: relative;
    overflow: hidden auto;
  }
  .stage {
    padding: 16px 16px 20px;
  }
  .verdict {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 4px 16px;
    align-items: center;
    min-height: 76px;
  }
  .verdict h2 {
    margin: 0;
    font-size: clamp(18px, 2.6cqi, 26px);
    line-height: 1.25;
    letter-spacing: -0.01em;
    text-wrap: balance;
  }
  .verdict.fooled h2 {
    color: var(--accent);
  }
  .verdict progress {
    grid-column: 1 / -1;
    width: 100%;
    height: 6px;
    accent-color: var(--text);
  }
  .verdict progress.idle {
    visibility: hidden;
  }
  .verdict select {
    width: 132px;
  }
  .three {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 28px minmax(0, 1fr) 28px minmax(0, 1fr);
    gap: 8px 0;
    max-width: 1000px;
  }
  figure {
    margin: 0;
    display: grid;
    gap: 4px;
    min-width: 0;
  }
  figure lens-picture {
    aspect-ratio: 1;
    background: var(--well);
  }
  figcaption {
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .sign {
    align-self: center;
    text-align: center;
    font-size: 22px;
    color: var(--quiet);
  }
  .before {
    grid-column: 1;
  }
  .numbers-of {
    grid-column: 3;
  }
  .after {
    grid-column: 5;
  }
  .bars {
    min-height: 148px;
    min-width: 0;
  }
  .measures {
    margin: 0;
    display: grid;
    gap: 2px;
  }
  .measures > div {
    display: flex;
    justify-content: space-between;
    flex-wrap: wrap;
    gap: 0 12px;
    padding: 3px 0;
  }
  .measures dd {
    margin: 0;
  }
  .behind {
    display: flex;
    align-items: center;
    gap: 12px;
    margin-top: 8px;
  }
  .behind lens-picture {
    width: 96px;
    height: 96px;
    flex: none;
  }
  .foot {
    padding: 0 16px 24px;
  }
  .opening {
    padding-bottom: 8px;
  }
  @container (max-width: 760px) {
    .lab {
      align-self: start;
      height: auto;
      min-height: 100%;
      grid-template: auto auto auto / minmax(0, 1fr);
      grid-template-areas: 'top' 'main' 'setup';
    }
    .main {
      display: contents;
    }
    .lab {
      grid-template-areas: none;
    }
    .top,
    .setup,
    .stage,
    .foot,
    lab-tabs {
      grid-area: auto;
      background: var(--panel);
    }
    .stage {
      padding: 12px;
      order: 1;
    }
    .setup {
      order: 2;
    }
    lab-tabs {
      order: 3;
      min-width: 0;
    }
    .foot {
      order: 4;
    }
    .verdict {
      grid-template-columns: minmax(0, 1fr);
    }
    .verdict .buttons,
    .verdict .line {
      flex-wrap: nowrap;
      flex: 1 1 0;
    }
    .three {
      grid-template-columns: repeat(6, minmax(0, 1fr));
      gap: 8px;
    }
    .three figure {
      grid-column: span 2;
    }
    .sign {
      display: none;
    }
    .before {
      grid-column: 1 / 4;
      grid-row: 2;
    }
    .after {
      grid-column: 4 / 7;
      grid-row: 2;
    }
    .numbers-of {
      grid-column: 1 / -1;
      min-height: 0;
    }
  }
`;
