import { html, nothing, type TemplateResult } from 'lit';
import { nearestMaxPooling } from './layer-ways.js';
import type { ViewerModel } from './viewer-model.js';

/** What can be chosen, and from what: a viewer, or as much of one. */
export type ControlParts = Pick<
  ViewerModel,
  'backward' | 'chooseLayer' | 'chooseUnit' | 'layer' | 'network' | 'show' | 'state'
>;

/** Said of the feature maps of a max-pooling while its switches are shown. */
export const SWITCHES =
  'What the pooling read: the places whose value it took are bright, the others dim. Pin a channel to see each window.';

/** Where pooled values came from: of this layer, or of the nearest max-pooling below it. */
function switchControl(model: ControlParts): TemplateResult | typeof nothing {
  const { network, state } = model;
  const pool = network && nearestMaxPooling(network, state.layer);
  if (!pool) return nothing;
  if (pool.id !== state.layer) {
    const go = (): void => {
      state.switches = 'on';
      model.chooseLayer(pool.id);
    };
    return html`<button title="Where its values came from" @click=${go}>
      Switches of ${pool.id}
    </button>`;
  }
  const on = state.switches === 'on';
  return html`<button
    aria-pressed=${on}
    title="Where its values came from"
    @click=${() => model.show({ switches: on ? 'off' : 'on' })}
  >
    Switches
  </button>`;
}

/** Which unit of the layer is carried back. */
function unitControls(model: ControlParts): TemplateResult {
  const channels = model.layer?.shape[0] ?? 1;
  const shown = model.backward?.projections?.projections[0]?.channel ?? model.state.channel ?? 0;
  const choose = (event: Event): void => {
    const wished = (event.target as HTMLInputElement).valueAsNumber;
    if (Number.isInteger(wished)) {
      model.chooseUnit(Math.max(0, Math.min(channels - 1, wished)));
    }
  };
  return html`
    <label class="group"
      >Channel
      <input type="number" min="0" max=${channels - 1} .value=${String(shown)} @change=${choose}
    /></label>
    <button
      ?disabled=${model.state.channel === undefined}
      @click=${() => model.chooseUnit(undefined)}
    >
      Strongest
    </button>
  `;
}

/**
 * What can be chosen of a lens besides order and scale: switches of a pooling, the unit that is carried back.
 *
 * @param model what is open
 */
export function lensControls(model: ControlParts): TemplateResult | typeof nothing {
  if (model.state.view === 'maps') return switchControl(model);
  return model.state.view === 'projections' ? unitControls(model) : nothing;
}
