import { css, type CSSResult } from 'lit';

/** Layout of the studio: what, the picture, frames; stacked where it is narrow. */
export const layout: CSSResult = css`
  :host {
    --least: 560px;
  }
  .studio {
    display: grid;
    height: 100%;
    grid-template: auto minmax(0, 1fr) / 300px minmax(0, 1fr) 280px;
    grid-template-areas: 'top top top' 'what stage film';
    gap: 1px;
    background: var(--line);
  }
  .top,
  .what,
  .stage,
  .film-side {
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
  .what {
    grid-area: what;
    overflow: hidden auto;
    padding: 12px;
    display: flex;
    flex-direction: column;
    gap: 12px;
  }
  .what p,
  .film-side p {
    margin: 0;
  }
  .tabs {
    display: flex;
    flex-wrap: wrap;
    gap: 4px;
  }
  .tabs button,
  .chips button {
    min-height: 32px;
    padding: 0 10px;
  }
  .chips {
    gap: 4px;
  }
  .classes {
    list-style: none;
    margin: 0;
    padding: 4px;
    flex: 1 0 260px;
    overflow: auto;
    background: var(--well);
    border-radius: var(--radius);
  }
  .thumbnail {
    display: inline-block;
    flex: none;
    width: 1em;
    height: 1em;
    font-size: 28px;
    background-size: 10em auto;
    background-repeat: no-repeat;
    border-radius: 3px;
    vertical-align: middle;
    margin-right: 8px;
  }
  .chips .thumbnail {
    margin-right: 6px;
    margin-left: -6px;
    font-size: 24px;
  }
  button.plain {
    width: 100%;
    text-align: left;
    border-color: transparent;
    background: none;
    min-height: 32px;
    padding: 0 4px;
    white-space: normal;
  }
  button.plain[aria-pressed='true'] {
    background: var(--text);
    color: var(--panel);
  }
  .layers {
    flex: 1 0 300px;
    background: var(--panel);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    overflow: hidden;
  }
  .layers lens-spine {
    height: 100%;
  }
  .line label,
  label.line {
    display: inline-flex;
    align-items: center;
    gap: 8px;
  }
  .what .line {
    flex-wrap: nowrap;
  }
  .line select {
    flex: 1 1 0;
    min-width: 0;
  }
  .line select[aria-label='Joined by'] {
    flex: none;
  }
  details .line {
    margin-bottom: 12px;
    flex-wrap: wrap !important;
  }
  .line input[type='number'] {
    width: 84px;
  }
  h2 {
    margin: 0 0 8px;
    font-size: 14px;
    font-weight: 600;
  }
  summary {
    cursor: pointer;
    min-height: 32px;
    font-weight: 600;
  }
  .numbers {
    margin: 0;
    display: grid;
    gap: 8px;
  }
  .numbers dt {
    font-size: 13px;
  }
  .numbers dd {
    margin: 0;
    display: grid;
    grid-template-columns: 96px minmax(0, 1fr);
    gap: 8px;
    align-items: center;
    font-size: 12px;
  }
  .numbers input {
    min-height: 32px;
    padding: 0 8px;
    min-width: 0;
  }
  .stage {
    grid-area: stage;
    display: flex;
    flex-direction: column;
    position: relative;
  }
  .room {
    flex: 1;
    min-height: 0;
    background: var(--well);
    padding: 16px;
    display: grid;
  }
  .room.shared {
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    gap: 16px;
  }
  .besides {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(160px, 1fr));
    gap: 8px;
    min-height: 0;
    overflow: auto;
    align-content: center;
  }
  .besides figure {
    margin: 0;
    display: grid;
    gap: 4px;
  }
  .besides lens-picture {
    aspect-ratio: 1;
  }
  figcaption {
    display: grid;
    font-size: 12px;
  }
  .under {
    border-top: 1px solid var(--line);
    padding: 8px 16px 12px;
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 4px 16px;
    align-items: center;
  }
  .under p {
    margin: 0;
  }
  .subject {
    font-size: 18px;
    font-weight: 600;
  }
  .status {
    grid-row: 2;
  }
  .under progress {
    grid-column: 1 / -1;
    grid-row: 3;
    width: 100%;
    height: 6px;
    accent-color: var(--text);
  }
  .buttons {
    grid-row: 1 / span 2;
    grid-column: 2;
  }
  .note {
    grid-column: 1 / -1;
  }
  .stage > progress {
    width: 100%;
    height: 6px;
    accent-color: var(--text);
  }
  .wallhead {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 8px 12px;
  }
  .wallhead p {
    margin: 0;
    flex: 1;
  }
  lens-tile-grid {
    flex: 1;
    min-height: 240px;
  }
  .film-side {
    grid-area: film;
    overflow: hidden auto;
    padding: 12px;
    display: grid;
    gap: 20px;
    align-content: start;
  }
  .film {
    list-style: none;
    margin: 0;
    padding: 0;
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(72px, 1fr));
    gap: 8px;
  }
  .film li,
  .frame > * {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .film-side label {
    min-width: 0;
    max-width: 100%;
  }
  .film-side select {
    min-width: 0;
    flex: 1;
  }
  .frame {
    width: 100%;
    min-height: 0;
    padding: 4px;
    display: grid;
    font-size: 12px;
    border-color: transparent;
    background: none;
  }
  .frame lens-picture {
    aspect-ratio: 1;
  }
  .frame[aria-pressed='true'] {
    background: none;
    color: inherit;
    border-color: var(--accent);
  }
  @container (max-width: 1080px) {
    .studio {
      grid-template: auto minmax(0, 1fr) / 240px minmax(0, 1fr) 220px;
      grid-template-areas: 'top top top' 'what stage film';
    }
    .under {
      grid-template-columns: minmax(0, 1fr);
    }
    .under > * {
      grid-row: auto !important;
      grid-column: 1 !important;
    }
  }
  @container (max-width: 760px) {
    .studio {
      align-self: start;
      height: auto;
      min-height: 100%;
      grid-template: auto auto auto auto / minmax(0, 1fr);
      grid-template-areas: 'top' 'stage' 'what' 'film';
    }
    .room {
      padding: 8px;
      aspect-ratio: 1;
    }
    .room.shared {
      aspect-ratio: auto;
      grid-template-columns: minmax(0, 1fr);
    }
    .classes,
    .layers {
      max-height: 300px;
      flex: none;
    }
    lens-tile-grid {
      height: 70vh;
      flex: none;
    }
  }
`;
