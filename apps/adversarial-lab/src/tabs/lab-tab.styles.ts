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
  .figures.wide {
    grid-template-columns: repeat(auto-fill, minmax(160px, 220px));
  }
  .figures.large {
    grid-template-columns: repeat(auto-fill, minmax(220px, 300px));
  }
  .columns {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(280px, 1fr));
    gap: 24px;
    max-width: 1000px;
  }
  .columns section {
    display: grid;
    gap: 8px;
    align-content: start;
  }
  .two {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    gap: 12px;
  }
  .layers {
    list-style: none;
    margin: 0;
    padding: 0;
    display: grid;
    gap: 1px;
  }
  .layers button {
    width: 100%;
    min-height: 26px;
    padding: 0 8px;
    display: grid;
    grid-template-columns: minmax(0, 5fr) minmax(0, 6fr) 52px;
    align-items: center;
    gap: 8px;
    text-align: left;
    border-color: transparent;
    background: none;
  }
  .layers button:hover {
    background: var(--page);
  }
  .layers button[aria-pressed='true'] {
    background: var(--text);
    color: var(--panel);
  }
  .name {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .track {
    height: 10px;
    background: var(--well);
  }
  .fill {
    display: block;
    height: 100%;
    background: var(--accent);
  }
  .pairs {
    list-style: none;
    margin: 0 0 12px;
    padding: 0;
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(136px, 1fr));
    gap: 12px;
    font-size: 12px;
  }
  .pairs li {
    display: grid;
    gap: 2px;
  }
  .pairs .two {
    gap: 2px;
  }
  .pairs lens-picture {
    aspect-ratio: 1;
  }
  .surface {
    grid-template-columns: minmax(0, 420px) minmax(0, 1fr);
  }
  .field {
    position: relative;
    aspect-ratio: 1;
  }
  .field lens-picture {
    position: absolute;
    inset: 0;
  }
  .point {
    position: absolute;
    width: 12px;
    height: 12px;
    margin: 0 0 -6px -6px;
    border: 2px solid #fff;
    outline: 2px solid #000;
    border-radius: 50%;
  }
  .point span {
    position: absolute;
    top: 14px;
    left: 50%;
    translate: -50%;
    padding: 0 4px;
    border-radius: 3px;
    background: #fff;
    color: #000;
    font-size: 12px;
  }
  .axis {
    text-align: center;
    font-size: 12px;
  }
  .key {
    list-style: none;
    margin: 0 0 12px;
    padding: 0;
    display: grid;
    gap: 4px;
  }
  .swatch {
    display: inline-block;
    width: 14px;
    height: 14px;
    margin-right: 8px;
    border-radius: 3px;
    vertical-align: -2px;
  }
  .matrix td,
  .matrix th {
    padding: 8px 12px;
  }
  .heat {
    text-align: right;
    background: color-mix(in srgb, var(--accent) calc(var(--heat) * 45%), transparent);
  }
  .own {
    font-weight: 600;
  }
  @media (pointer: coarse) {
    .layers button,
    label {
      min-height: 44px;
    }
  }
  @container (max-width: 640px) {
    .surface,
    .split {
      grid-template-columns: minmax(0, 1fr);
    }
    .figures {
      grid-template-columns: repeat(auto-fill, minmax(96px, 1fr));
    }
  }
`;
