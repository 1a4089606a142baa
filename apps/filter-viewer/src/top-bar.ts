import { html, nothing, type TemplateResult } from 'lit';
import { backendOptions, fileButton, formatNumber } from '@convlens/elements';
import type { BackendChoice, BackendReport } from '@convlens/engine';
import type { ViewerModel } from './viewer-model.js';

function badge(model: ViewerModel, report: BackendReport | undefined): TemplateResult {
  const speed =
    model.live.camera && model.live.framesPerSecond > 0
      ? `${model.live.framesPerSecond.toFixed(0)} frames/s`
      : model.readings.answer
        ? `${formatNumber(model.readings.answer.timing.run)} ms`
        : '';
  const choose = (event: Event): void =>
    void model.chooseBackend((event.target as HTMLSelectElement).value as BackendChoice);
  return html`<label
    class="badge group"
    data-backend=${report?.backend ?? 'none'}
    title=${report?.reason ?? 'Starts with the first picture.'}
  >
    <span class="quiet">${speed}</span>
    <select aria-label="Backend" @change=${choose}>
      ${backendOptions(report)}
    </select>
  </label>`;
}

/**
 * Network, image, backend, link: the row on top.
 *
 * @param model what is open
 * @param report backend in use
 * @param copyLink copies the link of the view
 */
export function topBar(
  model: ViewerModel,
  report: BackendReport | undefined,
  copyLink: () => void,
): TemplateResult {
  const chooseNetwork = (event: Event): void =>
    void model.chooseNetwork((event.target as HTMLSelectElement).value);
  const freeze = html`<button
    aria-pressed=${model.live.frozen}
    title="Key: F"
    @click=${() => model.live.toggleFreeze()}
  >
    ${model.live.frozen ? 'Frozen' : 'Freeze'}
  </button>`;
  return html`
    <div class="group">
      <select aria-label="Network" @change=${chooseNetwork}>
        ${model.networks.options.map(
          ({ id, title }) =>
            html`<option value=${id} .selected=${id === model.state.network}>${title}</option>`,
        )}
      </select>
      ${fileButton('Your ONNX…', 'ONNX file', (files) => void model.chooseNetworkFiles(files), { multiple: true })}
    </div>
    <lens-image-strip
      .samples=${model.samples}
      .selected=${model.state.image}
      .camera=${model.live.camera !== undefined}
    ></lens-image-strip>
    <div class="group end">
      ${model.live.camera ? freeze : nothing} ${badge(model, report)}
      <button @click=${copyLink}>Copy link</button>
    </div>
  `;
}
