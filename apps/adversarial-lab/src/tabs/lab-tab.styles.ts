import { css, type CSSResult } from 'lit';

/** Layout that the tabs share. */
export const tabStyles: CSSResult = css`
  :host {
    display: block;
    container-type: inline-size;
  }
  p {
    margin: 0;
  }
  .about {
    max-width: 90ch;
    margin-bottom: 12px;
    color: var(--quiet);
  }
  a {
    color: inherit;
    text-underline-offset: 3px;
  }
  h3 {
    margin: 16px 0 8px;
    font-size: 14px;
    font-weight: 600;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 12px;
    margin-bottom: 12px;
  }
  .row label,
  label.check {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-height: 32px;
  }
  select {
    max-width: 220px;
    padding: 0 6px;
  }
  input[type='number'] {
    width: 88px;
    padding: 0 8px;
  }
  input[type='checkbox'] {
    accent-color: var(--text);
  }
  .working {
    color: var(--quiet);
  }
  progress {
    flex: 1 1 120px;
    max-width: 360px;
    height: 8px;
    accent-color: var(--text);
  }
  .banner {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    padding: 8px 12px;
    margin-bottom: 12px;
    border-left: 4px solid var(--danger);
  }
  .banner p {
    flex: 1 1 260px;
    overflow-wrap: anywhere;
  }
  .split {
    display: grid;
    grid-template-columns: minmax(240px, 2fr) minmax(0, 3fr);
    gap: 24px;
    align-items: start;
  }
  .figures {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(120px, 1fr));
    gap: 12px;
  }
  figure {
    margin: 0;
    min-width: 0;
    display: grid;
    gap: 4px;
    align-content: start;
  }
  figure lens-picture {
    aspect-ratio: 1;
    background: var(--well);
  }
  figcaption {
    font-size: 12px;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .empty {
    color: var(--quiet);
    padding: 24px 0;
  }
  .scroll {
    overflow-x: auto;
  }
  table {
    border-collapse: collapse;
    font-size: 13px;
  }
  th,
  td {
    padding: 4px 12px 4px 0;
    text-align: left;
    font-weight: 400;
    white-space: nowrap;
  }
  thead th {
    color: var(--quiet);
  }
  .n {
    text-align: right;
  }
  .set {
    margin-top: 16px;
  }
  summary {
    cursor: pointer;
    min-height: 32px;
  }
  .set ul {
    list-style: none;
    margin: 4px 0 8px;
    padding: 0;
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
  }
  .set li {
    width: 72px;
    display: grid;
    justify-items: center;
    font-size: 12px;
    overflow-wrap: anywhere;
    text-align: center;
  }
  .set img {
    object-fit: cover;
    border-radius: 3px;
  }
  .quiet {
    max-width: 80ch;
  }
  @container (max-width: 640px) {
    .split {
      grid-template-columns: minmax(0, 1fr);
    }
    .figures {
      grid-template-columns: repeat(auto-fill, minmax(96px, 1fr));
    }
  }
`;
