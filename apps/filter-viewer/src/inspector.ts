import { html, nothing, type TemplateResult } from 'lit';
import { formatBytes, formatCount, formatShape } from '@convlens/elements';
import '@convlens/elements/top-classes.js';
import type { LayerSummary, MemoryReport, NetworkSummary } from '@convlens/engine';
import { shownLayer, type LensParts } from './lenses.js';
import type { Pictures } from './pictures.js';
import type { View } from './state.js';
import { preprocessingChoices, sameScheme } from './preprocessing.js';
import type { ViewerModel } from './viewer-model.js';

/** What is inspected: a viewer, or as much of one. */
type InspectorParts = LensParts &
  Pick<
    ViewerModel,
    | 'choosePreprocessing'
    | 'imageTitle'
    | 'kernels'
    | 'layer'
    | 'names'
    | 'network'
    | 'networks'
    | 'preview'
    | 'readings'
    | 'revision'
    | 'state'
  >;

/** Said while nothing is pinned. */
const HINTS: Readonly<Record<View, string>> = {
  filters: 'Click a filter to enlarge it and see its numbers.',
  maps: 'Click a channel to lay it over the image.',
  projections:
    'The strongest channel is carried back. Pin another in the feature maps, or choose it above.',
  attribution: '',
};

function pinned(model: InspectorParts, pictures: Pictures | undefined): TemplateResult {
  const { state, network } = model;
  const [, height = 1, width = 1] = network?.input.shape ?? [];
  if (state.view === 'filters' && state.channel !== undefined) {
    return html`<lens-kernel-inspector
      .kernels=${model.kernels}
      .pictures=${pictures}
      .unit=${state.channel}
    ></lens-kernel-inspector>`;
  }
  const pooling = state.view === 'maps' ? model.readings.maps?.pooling : undefined;
  const switches = html`<lens-switch-inspector
    .map=${model.readings.maps}
    .source=${model.layer?.from[0] ?? 'the layer below'}
    .pictures=${pictures}
    .unit=${state.channel}
    .row=${state.row}
    .column=${state.column}
    .revision=${model.revision}
  ></lens-switch-inspector>`;
  return html`${pooling && state.channel !== undefined ? switches : nothing}
    <lens-map-inspector
      .image=${model.preview}
      .imageTitle=${model.imageTitle}
      .map=${model.readings.maps}
      .layer=${model.layer}
      .pictures=${pictures}
      .unit=${state.view === 'maps' ? state.channel : undefined}
      .hint=${HINTS[state.view]}
      .row=${state.row}
      .column=${state.column}
      .inputSize=${[height, width]}
      .revision=${model.revision}
    ></lens-map-inspector>`;
}

function aboutLayer({ id, op, shape, parameters, macs }: LayerSummary): TemplateResult {
  const words = [
    op,
    formatShape(shape),
    ...(parameters > 0 ? [`${formatCount(parameters)} parameters`] : []),
    ...(macs > 0 ? [`${formatCount(macs)} multiply-adds`] : []),
  ];
  return html`<div>
    <h2>Layer ${id}</h2>
    <div class="quiet">${words.join(', ')}</div>
  </div>`;
}

/** What the engine holds, in words. */
function memoryWords({ wasm, weights, sessions }: MemoryReport): string {
  const words = `weights ${formatBytes(weights)}, ${sessions} ${sessions === 1 ? 'session' : 'sessions'}`;
  return wasm > 0 ? `WASM ${formatBytes(wasm)}, ${words}` : words;
}

function aboutNetwork(model: InspectorParts, network: NetworkSummary): TemplateResult {
  const entry = model.networks.entry(network.id);
  const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
  const facts: readonly (readonly [string, string | number])[] = [
    ['input', formatShape(network.input.shape)],
    ['classes', network.logits?.classes ?? 'none'],
    ['parameters', formatCount(network.parameters)],
    ['multiply-adds', formatCount(network.macs)],
    ['file', formatBytes(network.bytes)],
    ...(model.readings.memory ? ([['memory', memoryWords(model.readings.memory)]] as const) : []),
    ...(entry
      ? ([
          ['right answers', percent(entry.accuracy.top1)],
          ['in the first five', percent(entry.accuracy.top5)],
          ['trained on', entry.trainingData],
          ['licence', entry.licence],
        ] as const)
      : []),
  ];
  const schemes = preprocessingChoices(network.input.shape[0]);
  const chooseScheme = (event: Event): void => {
    const scheme = schemes[(event.target as HTMLSelectElement).selectedIndex]?.scheme;
    if (scheme) void model.choosePreprocessing(scheme);
  };
  return html`<details>
    <summary>${network.title}</summary>
    ${entry ? html`<p>${entry.about}</p>` : nothing}
    <dl>
      ${facts.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
    <label class="group"
      >Pixels are fed as
      <select @change=${chooseScheme}>
        ${schemes.map(
          ({ title, scheme }) =>
            html`<option .selected=${sameScheme(scheme, network.preprocessing)}>${title}</option>`,
        )}
      </select>
    </label>
    ${
      network.guesses.length > 0
        ? html`<p class="quiet">Assumed: ${network.guesses.join(' ')}</p>`
        : nothing
    }
  </details>`;
}

/**
 * The column on the right: the pinned unit, what the network says, the layer and the network.
 *
 * @param model what is open
 * @param pictures of the units of the layer
 */
export function inspector(model: InspectorParts, pictures: Pictures | undefined): TemplateResult {
  const { state, network, layer } = model;
  const { scores } = model.readings;
  const name = state.view === 'filters' ? 'Filter' : 'Channel';
  const shown = shownLayer(model);
  const title =
    state.channel === undefined || shown === '' ? 'Image' : `${name} ${state.channel}, ${shown}`;
  return html`
    <div>
      <h2>${title}</h2>
      ${pinned(model, pictures)}
    </div>
    ${
      scores.length > 0
        ? html`<div>
            <h2>What the network says</h2>
            <lens-top-classes .scores=${scores} .names=${model.names}></lens-top-classes>
          </div>`
        : nothing
    }
    ${layer ? aboutLayer(layer) : nothing} ${network ? aboutNetwork(model, network) : nothing}
  `;
}
