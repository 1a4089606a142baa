import { integratedGradients } from '../attribution.js';
import type { AttributionDescription, AttributionRow } from '../methods.js';
import { single } from './plain.js';

const parameters = {
  steps: { kind: 'number', title: 'Steps', unit: 'count', fallback: 50, low: 1, high: 1e6 },
} as const;

/** What is known of integrated gradients. */
export const integratedDescription = {
  title: 'Integrated gradients',
  about: 'What each pixel adds on the way from grey to the image.',
  source: 'Sundararajan, Taly and Yan 2017',
  parameters,
} as const satisfies AttributionDescription;

/** Integrated gradients at work. */
export const integrated: AttributionRow<typeof parameters> = async (task, { steps }, notes) => {
  const { network, gradients, input, target, onStep } = task;
  const options = { steps, ...(onStep && { onStep }) };
  const found = await integratedGradients(network, gradients, input, target, options);
  const percent = Math.abs((100 * found.gap) / (found.difference || 1));
  notes.push(
    `Completeness gap: ${found.gap.toFixed(3)}, ${percent.toFixed(1)} % of the score's change.`,
  );
  return single(found.attribution);
};
