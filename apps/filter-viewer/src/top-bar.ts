import { html, nothing, type TemplateResult } from 'lit';
import { formatNumber, topRow } from '@convlens/elements';
import type { ViewerModel } from './viewer-model.js';

/** What is chosen, and from what: a viewer, or as much of one. */
export type BarParts = Pick<
  ViewerModel,
  | 'backend'
  | 'chooseBackend'
  | 'chooseNetwork'
  | 'chooseNetworkFiles'
  | 'live'
  | 'networks'
  | 'readings'
  | 'samples'
  | 'state'
>;

/** What the backend takes, in words. */
function speedOf({ live, readings }: BarParts): string {
  if (live?.camera && live.framesPerSecond > 0)
    return `${live.framesPerSecond.toFixed(0)} frames/s`;
  return readings.answer ? `${formatNumber(readings.answer.timing.run)} ms` : '';
}

/**
 * Network, image, backend, link: the row on top.
 *
 * @param model what is open
 * @param copyLink copies the link of the view
 */
export function topBar(model: BarParts, copyLink: () => void): TemplateResult {
  const freeze = html`<button
    aria-pressed=${model.live?.frozen === true}
    title="Key: F"
    @click=${() => model.live?.toggleFreeze()}
  >
    ${model.live?.frozen ? 'Frozen' : 'Freeze'}
  </button>`;
  return topRow({
    choices: model.networks.options,
    network: model.state.network,
    samples: model.samples,
    image: model.state.image,
    camera: model.live?.camera !== undefined,
    report: model.backend,
    speed: speedOf(model),
    more: model.live?.camera ? freeze : nothing,
    chooseNetwork: (id) => void model.chooseNetwork(id),
    openNetwork: (files) => void model.chooseNetworkFiles(files),
    chooseBackend: (choice) => void model.chooseBackend(choice),
    copyLink,
  });
}
