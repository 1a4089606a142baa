import { formatNumber } from '@convlens/elements';
import type { View } from './state.js';
import type { ViewerModel } from './viewer-model.js';

/** What the words are about: a viewer, or as much of one. */
export type LensParts = Pick<ViewerModel, 'backward' | 'kernels' | 'live' | 'readings' | 'state'>;

/** What is said of a lens. */
interface Lens {
  readonly title: string;
  /** One plain sentence: what is shown and how to read it. */
  readonly sentence: string;
  /** Its page in the documentation. */
  readonly page: string;
}

/** The lenses, in the order of the tabs. */
export const LENSES: Readonly<Record<View, Lens>> = {
  filters: {
    title: 'Filters',
    sentence:
      'What each unit looks for: the weights that slide over its input. Filters on the image are shown in colour, with grey for zero; deeper ones as one small square for every channel they read.',
    page: 'filters.html',
  },
  maps: {
    title: 'Feature maps',
    sentence:
      'Where each unit finds it: its answer at every place of the image. Bright is a strong answer.',
    page: 'feature-maps.html',
  },
  projections: {
    title: 'Projections',
    sentence:
      'What made one unit answer: its value carried back through the network to the pixels, by three rules. Grey is zero.',
    page: 'projections.html',
  },
  attribution: {
    title: 'Attribution',
    sentence: 'Which pixels drove the score of a class, or the answer of a unit.',
    page: 'attribution.html',
  },
};

/** All lenses, in the order of the tabs. */
export const VIEWS = Object.keys(LENSES) as View[];

/** The layer whose pictures are shown. */
export function shownLayer(model: LensParts): string {
  return model.state.view === 'filters'
    ? (model.kernels?.layer ?? '')
    : (model.readings.maps?.layer ?? '');
}

/** One unit in words, for screen readers and the line under the grid. */
export function unitWords(model: LensParts, unit: number): string {
  if (model.state.view === 'filters') {
    const norm = model.kernels?.norm[unit];
    return `Filter ${unit}${norm === undefined ? '' : `, norm ${formatNumber(norm)}`}`;
  }
  // While the camera runs, numbers in labels would only make noise.
  const statistics = model.live?.camera ? undefined : model.readings.maps?.statistics;
  const [, , width = 1] = model.readings.maps?.activation.shape ?? [];
  if (!statistics || unit >= statistics.peak.length) return `Channel ${unit}`;
  const peak = statistics.peak[unit]!;
  const where = `row ${Math.floor(peak / width)}, column ${peak % width}`;
  return `Channel ${unit}, largest ${formatNumber(statistics.channelHigh[unit]!)} at ${where}`;
}
