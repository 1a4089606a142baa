import { html, nothing, type TemplateResult } from 'lit';
import type { BackendChoice, BackendReport } from '@convlens/engine';
import { backendOptions } from './backend-options.js';
import type { Sample } from './catalogue.js';
import { fileButton } from './file-button.js';

/** What the row on top of an app shows, and what it does. */
export interface TopRow {
  readonly choices: readonly { readonly id: string; readonly title: string }[];
  /** Id of the open network. */
  readonly network: string;
  readonly samples: readonly Sample[];
  /** Id of the sample that is shown, or empty. */
  readonly image: string;
  readonly report: BackendReport | undefined;
  /** What the backend takes, in words. */
  readonly speed?: string;
  /** Whether the camera is on; it cannot be chosen when left out. */
  readonly camera?: boolean;
  /** More controls, before the backend. */
  readonly more?: TemplateResult | typeof nothing;
  readonly chooseNetwork: (id: string) => void;
  readonly openNetwork: (files: readonly File[]) => void;
  readonly chooseBackend: (choice: BackendChoice) => void;
  /** There are no recipes when left out. */
  readonly takeRecipe?: (file: File) => void;
  readonly copyLink: () => void;
}

const valueOf = (event: Event): string => (event.target as HTMLSelectElement).value;

/**
 * Network, image, backend, recipe, link: the row on top of an app. A chosen image comes as `lens-image-select`.
 *
 * @param row what it shows and does
 */
export function topRow(row: TopRow): TemplateResult {
  const { report, speed, camera, takeRecipe } = row;
  return html`
    <div class="group">
      <select aria-label="Network" @change=${(event: Event) => row.chooseNetwork(valueOf(event))}>
        ${row.choices.map(
          ({ id, title }) =>
            html`<option value=${id} .selected=${id === row.network}>${title}</option>`,
        )}
      </select>
      ${fileButton('Your ONNX…', 'ONNX file', row.openNetwork, { multiple: true })}
    </div>
    <lens-image-strip
      .samples=${row.samples}
      .selected=${row.image}
      .camera=${camera === true}
      .still=${camera === undefined}
    ></lens-image-strip>
    <div class="group end">
      ${row.more ?? nothing}
      <label
        class="badge group"
        data-backend=${report?.backend ?? 'none'}
        title=${report?.reason ?? 'Starts with the first picture.'}
      >
        ${speed === undefined ? nothing : html`<span class="quiet">${speed}</span>`}
        <select
          aria-label="Backend"
          @change=${(event: Event) => row.chooseBackend(valueOf(event) as BackendChoice)}
        >
          ${backendOptions(report)}
        </select>
      </label>
      ${
        takeRecipe
          ? fileButton('Recipe…', 'Recipe file', ([file]) => takeRecipe(file!), {
              accept: '.json,.png',
            })
          : nothing
      }
      <button @click=${row.copyLink}>Copy link</button>
    </div>
  `;
}
