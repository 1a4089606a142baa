import { formatNumber, formatShape } from '@convlens/elements';
import { shownLayer, unitWords, type LensParts } from './lenses.js';

/** The line under the grid: the unit that is pointed at, else the layer as a whole. */
export function readout(model: LensParts, unit: number | undefined): string {
  const { kernels, state } = model;
  const { maps } = model.readings;
  if (state.view === 'filters' && kernels) {
    const { layer, held, units, width, height, inputs, low, high, norm } = kernels;
    if (unit !== undefined && unit < held) {
      return `Filter ${unit}: ${formatNumber(low[unit]!)} to ${formatNumber(high[unit]!)}, norm ${formatNumber(norm[unit]!)}`;
    }
    const count = held < units ? `the first ${held} of ${units}` : String(held);
    return `${layer}: ${count} filters, ${width} × ${height}, ${inputs} inputs each`;
  }
  if (state.view === 'maps' && maps) {
    const { statistics, activation, layer } = maps;
    if (unit !== undefined && unit < statistics.peak.length) {
      return `${unitWords(model, unit)}; mean ${formatNumber(statistics.channelMean[unit]!)}`;
    }
    return `${layer}: ${formatShape(activation.shape)}, ${formatNumber(statistics.low)} to ${formatNumber(statistics.high)}`;
  }
  if (state.view === 'projections' && model.backward?.projections) {
    return `${shownLayer(model)}: ${formatNumber(model.backward?.projections.runMs)} ms for three projections`;
  }
  if (state.view === 'attribution' && model.backward?.attribution) {
    return `${formatNumber(model.backward?.attribution.runMs)} ms`;
  }
  return '';
}
