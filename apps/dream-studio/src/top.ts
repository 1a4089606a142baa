import { html, type TemplateResult } from 'lit';
import { backendOptions } from '@convlens/elements';
import type { BackendChoice, BackendReport } from '@convlens/engine';
import type { StudioModel } from './studio-model.js';

/** Presses the file input beside a button. */
const pressInput = (event: Event): void => {
  const button = event.currentTarget as HTMLElement;
  (button.nextElementSibling as HTMLInputElement).click();
};

/** Files of an input, which can take the same one again afterwards. */
function filesOf(event: Event): File[] {
  const input = event.target as HTMLInputElement;
  const files = [...(input.files ?? [])];
  input.value = '';
  return files;
}

/**
 * Network, image, backend, recipe, link: the row on top.
 *
 * @param model what is open
 * @param report backend in use
 * @param copyLink copies the link of the view
 */
export function top(
  model: StudioModel,
  report: BackendReport | undefined,
  copyLink: () => void,
): TemplateResult {
  return html`
    <div class="group">
      <select
        aria-label="Network"
        @change=${(event: Event) => void model.chooseNetwork((event.target as HTMLSelectElement).value)}
      >
        ${model.choices.map(
          ({ id, title }) =>
            html`<option value=${id} .selected=${id === model.state.network}>${title}</option>`,
        )}
      </select>
      <button @click=${pressInput}>Your ONNX…</button>
      <input
        type="file"
        multiple
        hidden
        aria-label="ONNX file"
        @change=${(event: Event) => void model.chooseNetworkFiles(filesOf(event))}
      />
    </div>
    <lens-image-strip
      .samples=${model.samples}
      .selected=${model.state.image}
      .still=${true}
    ></lens-image-strip>
    <div class="group end">
      <label class="group" data-backend=${report?.backend ?? 'none'} title=${report?.reason ?? ''}>
        <select
          aria-label="Backend"
          @change=${(event: Event) => void model.chooseBackend((event.target as HTMLSelectElement).value as BackendChoice)}
        >
          ${backendOptions(report)}
        </select>
      </label>
      <button @click=${pressInput}>Recipe…</button>
      <input
        type="file"
        hidden
        accept=".json,.png"
        aria-label="Recipe file"
        @change=${(event: Event) => {
          const [file] = filesOf(event);
          if (file) void model.takeRecipe(file);
        }}
      />
      <button @click=${copyLink}>Copy link</button>
    </div>
  `;
}
