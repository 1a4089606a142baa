import { html, nothing, type TemplateResult } from 'lit';
import { weightedLayers } from './layer-ways.js';
import type { ViewerModel } from './viewer-model.js';

/** What is carried back, and from where: a viewer, or as much of one. */
export type CarriedParts = Pick<
  ViewerModel,
  'backward' | 'layer' | 'names' | 'network' | 'patches' | 'preview' | 'state'
>;

/**
 * The pictures of projections or attributions, whichever lens is open.
 *
 * @param model what is open
 */
export function carriedBack(model: CarriedParts): TemplateResult {
  const { state, network } = model;
  const [, height = 1, width = 1] = network?.input.shape ?? [];
  const blueFirst = network?.preprocessing.channelOrder === 'BGR';
  if (state.view === 'projections') {
    return html`<div class="stack">
      <lens-projection-panel
        .projections=${model.backward?.projections}
        .layer=${model.layer}
        .image=${model.backward?.picture}
        .blueFirst=${blueFirst}
        .inputSize=${[height, width]}
      ></lens-projection-panel>
      ${
        model.patches
          ? html`<lens-patches-panel
              .search=${model.patches}
              .revision=${model.patches.revision}
            ></lens-patches-panel>`
          : nothing
      }
    </div>`;
  }
  const { method, randomised = 0 } = state;
  // Computed from the first look through this lens on.
  if (!model.backward) return html``;
  const { target, unit } = model.backward;
  return html`<lens-attribution-panel
    .attribution=${model.backward.attribution}
    .choice=${{ target, method, randomised }}
    .unit=${unit}
    .network=${network}
    .names=${model.names}
    .layers=${network ? weightedLayers(network) : []}
    .image=${model.preview}
    .blueFirst=${blueFirst}
  ></lens-attribution-panel>`;
}
